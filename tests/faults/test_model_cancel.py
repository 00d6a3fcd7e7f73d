"""F26: a thousand answers cancelled in the middle. The model hears of each, and nothing of them is left."""

import asyncio
import itertools
import time
from contextlib import AsyncExitStack

import psutil

from tests.faults.broker.levers import metric
from tests.faults.evidence import calls
from tests.support.broker import eventually
from tests.support.chat import Chat, chat
from tests.support.system import System

WAVES = 10
PEOPLE = 20
EACH = 5
AT_ONCE = PEOPLE * EACH
CLOSED_WITHIN_S = 1.0
RUNNING = 'tokenline_running{pool="default"}'


def question(number: int) -> str:
    """Each its own, so that its call can be found: the first word is due after ``number`` microseconds."""
    return f'{{"tokens": 10000, "per_second": 5, "first_ms": {number / 1000}}}'


async def cancel_in_the_middle(person: Chat, texts: list[str]) -> dict[str, float]:
    """When each question was cancelled, by its text; monotonic."""
    tickets = [await person.ask(text, text) for text in texts]
    await person.until(lambda: all(person.tickets[ticket].text for ticket in tickets))
    cancelled = {}
    for ticket, text in zip(tickets, texts, strict=True):
        cancelled[text] = time.monotonic()
        await person.send(type="cancel", ticket_id=ticket)
    await person.ended(*tickets)
    assert {person.tickets[ticket].kinds[-1] for ticket in tickets} == {"cancelled"}
    return cancelled


def links(system: System) -> int:
    """Open connections of the worker to the model."""
    worker = psutil.Process(system.processes["worker-1"].pid)
    model = system.ports["model"]
    return sum(bool(link.raddr) and link.raddr.port == model for link in worker.net_connections("tcp"))


async def test_f26_a_thousand_answers_cancelled_in_the_middle(system: System) -> None:
    system.for_all(TOKENLINE_USER_LIMIT=str(EACH))
    system.scripted_model()
    system.worker(slots=AT_ONCE)
    system.gateway()
    cancelled: dict[str, float] = {}
    numbers = itertools.count()
    async with AsyncExitStack() as stack:
        people = [await stack.enter_async_context(chat(system, f"p{n}@example.org")) for n in range(PEOPLE)]
        began = time.monotonic()
        for _ in range(WAVES):
            # All of a wave run at once, so every slot of the former one is free again.
            wave = [cancel_in_the_middle(person, [question(next(numbers)) for _ in range(EACH)]) for person in people]
            for part in await asyncio.gather(*wave):
                cancelled |= part
    took = time.monotonic() - began
    made = await calls(system)
    assert [call["ended"] for call in made] == ["client"] * WAVES * AT_ONCE
    closed = sorted(call["ended_at"] - cancelled[call["text"]] for call in made)

    async def nothing_left() -> bool:
        return links(system) == 0 and metric(system, "worker-1", RUNNING) == 0

    await eventually(nothing_left)
    stats = await asyncio.to_thread(system.model_stats)
    print(
        f"F26: {len(made)} cancelled in {took:.0f} s, closed upstream after {closed[len(closed) // 2] * 1000:.0f} ms "
        f"in the middle and {closed[-1] * 1000:.0f} ms at most; {stats['open_connections'] - 1} connections left"
    )
    assert closed[0] >= 0
    assert closed[-1] <= CLOSED_WITHIN_S
    # The one that asks for the figures.
    assert stats["open_connections"] == 1
