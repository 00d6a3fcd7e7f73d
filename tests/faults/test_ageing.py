"""F11, Q7: an endless flood of priority 9 on one slot, and one question of priority 0."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from msgspec.structs import replace

from services.gateway.keeper import SWEEP_S
from tests.faults.broker.levers import metric
from tests.faults.evidence import store_of, stored
from tests.support.broker import eventually
from tests.support.chat import Chat, chat
from tests.support.system import System
from tokenline.contracts.tickets import TicketState
from tokenline.contracts.topology import HIGHEST
from tokenline.core.ports.store import Store

AGEING_S = 2
LAST = "last@example.org"
FLOODERS = [f"flood{number}@example.org" for number in range(5)]
EACH = 3
"""Of K = 2 in the queue and one held, so that the next is there when one is served."""
WAITING = 2 * len(FLOODERS)
FLOOD = '{"say": "a b", "per_second": 5}'
SERVICE_S = 0.6
"""0.2 s of the model's, the rest for a busy machine."""
BOUND_S = HIGHEST * AGEING_S + SWEEP_S + WAITING * SERVICE_S + 3
"""A level per interval; the sweep that comes just too early for the last of them; those who wait on the highest level
by then, and who was served; 3 s for sweeps that are late on a busy machine."""
SERVED = 40
"""Of the flood, while the control waits: all who stood there twice over, during two sweeps or more."""
AGED = 'tokenline_aged_total{pool="default"}'


async def of_tier(system: System, store: Store, email: str, tier: int) -> None:
    await asyncio.to_thread(system.sign_in, email)
    user = await store.user_by_email(email)
    assert user is not None
    await store.update_user(replace(user, tier=tier))


async def keep_asking(person: Chat) -> None:
    """For ever: one more for each that has ended."""
    asked = 0
    while True:
        ended = sum(seen.end is not None for seen in person.tickets.values())
        while asked < ended + EACH:
            await person.ask(FLOOD, f"m{asked}")
            asked += 1
        await person.until(lambda ended=ended: sum(bool(seen.end) for seen in person.tickets.values()) > ended)


def served(people: list[Chat]) -> int:
    return sum(seen.end is not None for person in people for seen in person.tickets.values())


@asynccontextmanager
async def flood(system: System, store: Store) -> AsyncIterator[list[Chat]]:
    """Under way; ends with the context."""
    for email in FLOODERS:
        await of_tier(system, store, email, HIGHEST)
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
        people = [await stack.enter_async_context(chat(system, email)) for email in FLOODERS]
        asking = [group.create_task(keep_asking(person), name="flood") for person in people]
        await until_served(people, len(people))
        yield people
        for task in asking:
            task.cancel()


async def until_served(people: list[Chat], number: int) -> None:
    async def enough() -> bool:
        return served(people) >= number

    await eventually(enough, 60)


async def ask_last(system: System, store: Store, person: Chat) -> str:
    ticket = await person.ask('{"say": "at last"}', "m1")
    assert (await stored(store, ticket)).priority == 0
    return ticket


def begin(system: System, ageing_s: float) -> None:
    system.scripted_model()
    system.worker(slots=1)
    system.gateway(TOKENLINE_AGEING_S=str(ageing_s))


async def test_f11_the_lowest_priority_waits_no_longer_than_ageing_takes(system: System) -> None:
    begin(system, AGEING_S)
    async with store_of(system) as store:
        await of_tier(system, store, LAST, 0)
        async with flood(system, store) as people, chat(system, LAST) as person:
            before, began = served(people), time.monotonic()
            ticket = await ask_last(system, store, person)
            await person.until(lambda: "processing" in person.tickets[ticket].kinds, BOUND_S)
            took = time.monotonic() - began
            await person.ended(ticket)
            others = served(people) - before
            moves = metric(system, "gateway-1", AGED)
    print(f"F11: priority 0 began after {took:.1f} s of {BOUND_S:.0f}, {moves:.0f} moves, {others} others went before")
    assert others > WAITING, "there was no flood"


async def test_f11_without_ageing_it_would_wait_for_ever(system: System) -> None:
    """The control: what the test above would see if nothing aged."""
    begin(system, 3600)
    async with store_of(system) as store:
        await of_tier(system, store, LAST, 0)
        async with flood(system, store) as people, chat(system, LAST) as person:
            ticket = await ask_last(system, store, person)
            await until_served(people, served(people) + SERVED)
            waiting = await stored(store, ticket)
            print(f"F11: without ageing, {SERVED} of priority 9 later it has priority {waiting.priority}")
            assert (waiting.state, waiting.priority) == (TicketState.QUEUED, 0)
