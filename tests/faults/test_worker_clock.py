"""F29: the clocks of two workers go wrong, one by an hour and a bit into each direction.

With MongoDB, whose server's clock decides: with SQLite all processes are on one machine, and so on one clock.
"""

import asyncio
import time
from contextlib import AsyncExitStack

import pytest

from tests.faults.evidence import calls, store_of, stored
from tests.support.chat import Chat, chat
from tests.support.system import System
from tokenline.contracts.notes import NO_WORKER
from tokenline.contracts.tickets import Ticket

SKEW_S = 3700
"""More than the hour after which a waiting ticket is overdue."""
LONG = '{"tokens": 140, "per_second": 20}'
"""7 s, longer than from one look of the keeper to the next: a lease that looks expired would be noticed."""


@pytest.fixture
def system_of_wrong_clocks(system: System, mongo_url: str) -> System:
    system.for_all(MONGO_URL=mongo_url)
    system.scripted_model()
    system.gateway()
    for number, skew in ((1, SKEW_S), (2, -SKEW_S)):
        settings = {"TOKENLINE_WORKER_ID": f"worker-{number}", "TOKENLINE_SLOTS": "1"}
        system.start(f"worker-{number}", "tests.support.skewed", str(skew), "services.agent_worker", settings=settings)
    return system


def instants(ticket: Ticket) -> list[float]:
    known = (ticket.queued_at, ticket.level_at, ticket.started_at, ticket.first_token_at, ticket.finished_at)
    return [at for at in known if at is not None]


async def test_f29_wrong_clocks_rescue_nothing_early_and_keep_the_order(
    system_of_wrong_clocks: System, mongo_url: str
) -> None:
    system, began = system_of_wrong_clocks, time.time()
    async with AsyncExitStack() as stack:
        ada, bob, cleo = [await stack.enter_async_context(chat(system, f"{n}@example.org")) for n in "abc"]
        # Both slots are taken; then four wait, of whom the last two are held until a worker with a wrong clock frees
        # them: they were queued, began and ended by that worker's word.
        running = [await ada.ask(LONG, "m1"), await bob.ask(LONG, "m1")]
        await asyncio.gather(*(p.until(_streams(p, t)) for p, t in zip((ada, bob), running, strict=True)))
        texts = [f'{{"say": "number {n}"}}' for n in range(4)]
        waiting = [await cleo.ask(text, text) for text in texts]
        await ada.ended(running[0])
        await bob.ended(running[1])
        await cleo.ended(*waiting, within_s=60)
        paused = [await ada.ask(_paused("ada"), "m2"), await bob.ask(_paused("bob"), "m2")]
        await ada.ended(paused[0])
        await bob.ended(paused[1])
        everything = [seen for person in (ada, bob, cleo) for seen in person.tickets.values()]
    over = time.time()
    assert [seen.kinds[-1] for seen in everything] == ["complete"] * 8
    assert NO_WORKER not in [frame.get("note") for seen in everything for frame in seen.frames]
    begun = [record["text"] for record in await calls(system) if record["text"] in texts]
    # Of two free workers either may be the first to ask the model, so neighbours may swap.
    assert [texts.index(text) for text in begun] in (
        [0, 1, 2, 3],
        [1, 0, 2, 3],
        [0, 1, 3, 2],
        [1, 0, 3, 2],
        [0, 2, 1, 3],
    )
    async with store_of(system, mongo_url) as store:
        tickets = [await stored(store, ticket) for ticket in running + waiting + paused]
    assert [ticket.attempt for ticket in tickets] == [1] * 6 + [2] * 2
    assert {ticket.worker_id for ticket in tickets} == {"worker-1", "worker-2"}
    assert [at for ticket in tickets for at in instants(ticket) if not began <= at <= over] == []
    for name in ("ada", "bob"):
        first, second = await calls(system, _paused(name))
        pause = second["started_at"] - first["started_at"]
        print(f"F29: asked for a pause of 2 s, made one of {pause:.1f} s")
        assert 2 <= pause < 10


def _streams(person: Chat, ticket: str):
    return lambda: person.tickets[ticket].text


def _paused(name: str) -> str:
    return f'{{"status": 429, "retry_after": "2", "faults": 1, "say": "after the pause, {name}"}}'
