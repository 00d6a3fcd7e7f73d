"""F21: a worker is frozen in the middle of an answer, another takes over, and it thaws: nothing it says counts."""

import asyncio
import signal
import time

import pytest

from services.agent_worker.leases import EXPIRE_S
from services.gateway.keeper import SWEEP_S
from tests.faults.broker.levers import metric
from tests.faults.evidence import store_of, stored
from tests.support.broker import eventually
from tests.support.chat import Chat, chat
from tests.support.law import the_law_holds
from tests.support.system import System
from tokenline.contracts.tickets import Ticket
from tokenline.core.ports.store import Store, worker_lease

TOKENS = 160
QUESTION = f'{{"tokens": {TOKENS}, "per_second": 20}}'
"""8 s."""
WHOLE = "".join(f"w{number} " for number in range(TOKENS))
FENCED = "tokenline_fenced_total"


@pytest.fixture
def two_workers(system: System) -> System:
    system.scripted_model()
    system.worker(1)
    system.worker(2)
    system.gateway()
    return system


async def frozen(system: System, store: Store, person: Chat) -> Ticket:
    """A ticket in the middle of its answer, as the worker claimed it that is now frozen."""
    ticket = await person.ask(QUESTION, "m1")
    await person.until(lambda: person.tickets[ticket].text)
    claimed = await stored(store, ticket)
    while not await _stopped_between_writes(system, store, holder(claimed)):
        system.signal(holder(claimed), signal.SIGCONT)
    return claimed


async def _stopped_between_writes(system: System, store: Store, worker: str) -> bool:
    """A process that is stopped inside a transaction of SQLite stops all who write: that is F33, not this."""
    system.signal(worker, signal.SIGSTOP)
    try:
        async with asyncio.timeout(1):
            await store.next_seq()
    except TimeoutError:
        return False
    return True


def holder(ticket: Ticket) -> str:
    assert ticket.worker_id is not None
    return ticket.worker_id


async def taken_over(person: Chat, first: Ticket, within_s: float) -> float:
    """Seconds until the other worker's text comes."""
    began = time.monotonic()
    seen = person.tickets[first.id]
    await person.until(lambda: seen.attempt == 2 and seen.text, within_s)
    return time.monotonic() - began


async def fenced(system: System, process: str) -> float:
    """What this process refused, once there is something."""

    async def counted() -> bool:
        return metric(system, process, FENCED) > 0

    await eventually(counted)
    return metric(system, process, FENCED)


async def the_second_answer_stands(system: System, person: Chat, first: Ticket) -> None:
    await person.ended(first.id)
    seen = person.tickets[first.id]
    assert (seen.kinds.count("restarted"), seen.attempt, seen.text) == (1, 2, WHOLE)
    tickets = await the_law_holds(system, {first.id: QUESTION}, person)
    assert holder(tickets[first.id]) != holder(first)


async def test_f21_frozen_until_its_ticket_was_taken_away(two_workers: System) -> None:
    """The broker gives it up first, after two heartbeats of 5 s."""
    system = two_workers
    async with chat(system) as person, store_of(system) as store:
        first = await frozen(system, store, person)
        took = await taken_over(person, first, EXPIRE_S + SWEEP_S)
        system.signal(holder(first), signal.SIGCONT)
        refused = await fenced(system, holder(first))
        await the_second_answer_stands(system, person, first)
    print(f"F21: taken over after {took:.1f} s, {refused:.0f} final write refused")


async def test_f21_late_text_is_refused_when_its_connections_outlived_the_freeze(two_workers: System) -> None:
    """Its lease is lost before the broker loses patience: what it has to say on thawing does reach the gateway."""
    system = two_workers
    async with chat(system) as person, store_of(system) as store:
        first = await frozen(system, store, person)
        assert first.incarnation is not None
        await store.drop_lease(worker_lease(holder(first), first.incarnation), first.incarnation)
        took = await taken_over(person, first, SWEEP_S + 3)
        system.signal(holder(first), signal.SIGCONT)
        late = await fenced(system, "gateway-1")
        refused = await fenced(system, holder(first))
        await the_second_answer_stands(system, person, first)
    print(f"F21: taken over after {took:.1f} s, {late:.0f} late replies and {refused:.0f} final write refused")
