"""F34: the gateway that keeps the line is killed; another takes the lease and does what is due."""

import asyncio
import time
from contextlib import AsyncExitStack
from functools import partial

from tests.faults.evidence import calls, store_of, stored
from tests.support.broker import eventually
from tests.support.drafts import ask
from tests.support.law import the_law_holds
from tests.support.system import System
from tokenline.contracts.ids import TicketId
from tokenline.contracts.tickets import Ticket, TicketState
from tokenline.core import ticket as moves
from tokenline.core.clock import SystemClock
from tokenline.core.ports.store import Store

TAKEN_OVER_WITHIN_S = 20.0
"""A lease (15 s) and a sweep (5 s)."""
ANSWERED_WITHIN_S = 10.0
QUESTION = "What is a ticket?"
"""Of all drafts."""


async def keeper_of(store: Store) -> bool:
    """Whether somebody is the keeper; asking takes nothing from anybody."""
    probe = "nobody"
    if await store.renew_lease("keeper", probe, 0.0):
        await store.drop_lease("keeper", probe)
        return False
    return True


async def work_for_a_keeper(store: Store) -> tuple[list[Ticket], Ticket]:
    """Tickets that only a keeper can bring on, as their gateway or worker died with them; and one whose time is up."""
    clock = SystemClock()
    unpublished = [(await ask(store, clock, owner=f"u{number}")).ticket for number in range(5)]
    claims = [(await ask(store, clock, owner=f"w{number}")).ticket for number in range(2)]
    orphaned, pausing = [moves.claim(one, worker="gone", incarnation="gone", now=clock.now()) for one in claims]
    for claimed in (orphaned, pausing):
        assert await store.replace_ticket(claimed)
    assert await store.replace_ticket(moves.pause(pausing, due_at=clock.now()))
    held = [(await ask(store, clock, owner="h")).ticket for _ in range(3)]
    assert held[-1].state is TicketState.HELD
    assert await store.replace_ticket(moves.cancel(held[0], now=clock.now()))
    overdue = (await ask(store, clock, owner="o", deadline_at=clock.now())).ticket
    return [*unpublished, orphaned, pausing, *held[1:]], overdue


async def test_f34_the_keeper_is_killed_and_another_does_its_work(system: System) -> None:
    system.scripted_model()
    async with AsyncExitStack() as stack:
        await asyncio.to_thread(system.gateway, 1)
        store = await stack.enter_async_context(store_of(system))
        await eventually(lambda: keeper_of(store))
        await asyncio.to_thread(system.gateway, 2)
        await asyncio.to_thread(system.worker)
        await asyncio.to_thread(system.kill, "gateway-1")
        killed = time.monotonic()
        tickets, overdue = await work_for_a_keeper(store)

        async def ended(expected: TicketState, ids: set[TicketId]) -> bool:
            return {ticket_id for ticket_id in ids if (await stored(store, ticket_id)).state is expected} == ids

        await eventually(partial(ended, TicketState.ERROR, {overdue.id}), TAKEN_OVER_WITHIN_S)
        taken_over_s = time.monotonic() - killed
        await eventually(partial(ended, TicketState.COMPLETE, {ticket.id for ticket in tickets}), ANSWERED_WITHIN_S)
        answered_s = time.monotonic() - killed
        print(f"F34: taken over {taken_over_s:.1f} s after the keeper's death, all answered after {answered_s:.1f} s")
        await the_law_holds(system, {ticket.id: QUESTION for ticket in tickets})
        assert len(await calls(system)) == len(tickets)
