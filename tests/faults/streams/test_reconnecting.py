"""Clients that come back, a thousand times and a thousand at once: no gap and no repeat (S3, S5, F44, F45)."""

import asyncio
import random
import time
from contextlib import AsyncExitStack

from tests.faults.evidence import calls
from tests.faults.streams.conftest import House
from tests.faults.streams.wanderer import Wanderer
from tests.support.broker import eventually
from tests.support.chat import Seen
from tests.support.people import as_holder, enrol
from tests.support.system import System
from tokenline.core.ports.store import Store

SEED = 20_261_124
PEOPLE = 40
LONG = '{"tokens": 240, "per_second": 30}'
SHORT = '{"tokens": 60, "per_second": 30}'


async def test_s3_a_thousand_random_reconnects_end_with_the_stored_text(house: House, store: Store) -> None:
    """To any gateway, by socket and by event stream, for held, queued, running, restarted and finished tickets."""
    system = house.system
    keys = await enrol(store, PEOPLE)
    people = [Wanderer(system, key, random.Random(SEED + number)) for number, key in enumerate(keys)]

    def reconnects() -> int:
        return sum(person.cut_short for person in people)

    async def kill_a_worker() -> None:
        async def under_way() -> bool:
            """One of its long answers is in the middle: somebody has text of it, and more is to come."""
            now = await store.now()
            begun = [now - (t.first_token_at or now) for t in await store.live_tickets() if t.worker_id == "worker-1"]
            return reconnects() > 200 and any(2.5 < streamed_s < 6 for streamed_s in begun)

        await eventually(under_way, 60)
        system.kill("worker-1")
        await asyncio.to_thread(house.worker, 1)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(kill_a_worker())
        # Mostly once; a busy machine takes longer for each.
        while reconnects() < 1000:
            await asyncio.gather(*(person.ask(LONG, SHORT) for person in people))
            await asyncio.gather(*(person.wander() for person in people))
    restarted = sum("restarted" in seen.kinds for person in people for seen in person.tickets.values())
    print(f"S3: {reconnects()} reconnects in mid-answer, {restarted} answers restarted")
    assert restarted
    assert {seen.text for person in people for seen in person.tickets.values()} == {
        "".join(f"w{number} " for number in range(count)) for count in (240, 60)
    }
    assert all(await asyncio.gather(*(person.has_what_is_stored() for person in people)))
    await asyncio.gather(*(person.hears_the_end_again() for person in people))


async def test_f44_a_thousand_clients_of_a_killed_gateway_resume_at_the_other(house: House, store: Store) -> None:
    system = house.system
    keys = await enrol(store, 50)
    tabs: list[dict[str, Seen]] = []
    async with AsyncExitStack() as stack:
        for key in keys:
            asker = await stack.enter_async_context(as_holder(system, key))
            ticket = await asker.ask('{"tokens": 60, "per_second": 1.5}', "m1", agent_id="wide")
            tabs += [{ticket: Seen()} for _ in range(20)]
        crowd = [
            await stack.enter_async_context(as_holder(system, keys[number // 20], tickets=tab))
            for number, tab in enumerate(tabs)
        ]
        for chat in crowd:
            [(ticket, seen)] = chat.tickets.items()
            await chat.resume(ticket, seen)
        await asyncio.gather(*(chat.until(lambda chat=chat: _text(chat.tickets)) for chat in crowd))
        system.kill("gateway-1")

    killed = time.monotonic()

    async def come_back(number: int, tickets: dict[str, Seen]) -> None:
        [(ticket, seen)] = tickets.items()
        before = len(seen.text)
        async with as_holder(system, keys[number // 20], "gateway-2", tickets) as chat:
            await chat.resume(ticket, seen)
            await chat.until(lambda: len(seen.text) > before)

    await asyncio.gather(*(come_back(number, tab) for number, tab in enumerate(tabs)))
    took = time.monotonic() - killed
    print(f"F44: {len(tabs)} clients resumed {took:.1f} s after their gateway was killed")
    assert took < 30
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(asyncio.to_thread(house.gateway, 1))
        for key, tab in zip(keys, tabs[::20], strict=True):
            tasks.create_task(_stop(system, key, next(iter(tab))))


def _text(tickets: dict[str, Seen]) -> str:
    [seen] = tickets.values()
    return seen.text


async def _stop(system: System, key: str, ticket: str) -> None:
    async with as_holder(system, key, "gateway-2") as chat:
        await chat.resume(ticket, Seen())
        await chat.send(type="cancel", ticket_id=ticket)
        await chat.ended(ticket)


async def test_s4_what_is_asked_and_withdrawn_in_a_moment_shows_in_a_tab_at_the_other_gateway(
    system: System, store: Store
) -> None:
    [key] = await enrol(store, 1)
    async with as_holder(system, key) as tab, as_holder(system, key, "gateway-2") as other:
        for number in range(20):
            ticket = await tab.ask(LONG, f"m{number}", agent_id="narrow")
            await tab.send(type="cancel", ticket_id=ticket)
            await tab.ended(ticket)
        await other.until(lambda: len(other.tickets) == 20)
        await other.ended(*tab.tickets)
    for ticket, seen in other.tickets.items():
        assert seen.kinds[0] == "accepted"
        assert (seen.text, seen.kinds[-1]) == (tab.tickets[ticket].text, "cancelled")


async def test_f45_sent_again_after_a_lost_accept_and_at_both_gateways_at_once_it_is_one_ticket(
    system: System, store: Store
) -> None:
    """C7: whatever was lost, and wherever it is repeated."""
    [key] = await enrol(store, 1)
    question = '{"tokens": 5, "first_ms": 600}'
    async with as_holder(system, key) as lost:
        await lost.send(type="send", content=question, client_message_id="m1", agent_id="wide")
        lost.socket.transport.abort()
    async with as_holder(system, key, "gateway-1") as one, as_holder(system, key, "gateway-2") as two:
        for chat in (one, two, one, two):
            await chat.send(type="send", content=question, client_message_id="m1", agent_id="wide")
        tickets = await asyncio.gather(*(chat.ask(question, "m1", agent_id="wide") for chat in (one, two)))
        assert tickets[0] == tickets[1]
        await asyncio.gather(*(chat.ended(tickets[0]) for chat in (one, two)))
        assert {chat.tickets[tickets[0]].text for chat in (one, two)} == {"w0 w1 w2 w3 w4 "}
        assert len(one.tickets) == len(two.tickets) == 1
    assert len(await calls(system, question)) == 1
