"""Offers that a worker gets of a ticket it has already, at the worst of moments."""

import asyncio
from typing import Any, cast

from tests.integration.line.conftest import Houses
from tests.integration.line.house import LEASE_GONE_S, House
from tests.integration.line.test_crash_points import until_called
from tests.support.broker import eventually
from tests.support.in_process.processes import Gateway, Worker
from tokenline.contracts.ids import TicketId
from tokenline.contracts.tickets import TicketState
from tokenline.core.ports.store import Offered, Store, TicketChange

SLOTS = 2


class SlowClaims:
    """A store whose claims are written at once, and known only when the test says so."""

    def __init__(self, store: Store) -> None:
        self.written = asyncio.Event()
        self.told = asyncio.Event()
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def claim_ticket(self, ticket_id: TicketId, claim: TicketChange) -> Offered | None:
        offered = await self._store.claim_ticket(ticket_id, claim)
        self.written.set()
        await self.told.wait()
        return offered


async def all_slots_are_free(house: House, gateway: Gateway, worker: Worker) -> None:
    """As many as there are slots run at the same time."""
    house.puppet.free = False
    for number in range(SLOTS):
        await house.ask(gateway, f"probe-{number}", f"probe-{number}")
    await until_called(house.puppet, *(f"probe-{number}" for number in range(SLOTS)))
    house.puppet.let_go()
    await eventually(house.at_rest)


async def test_a_second_publication_comes_while_the_claim_is_under_way(houses: Houses) -> None:
    async with houses() as house:
        slow = SlowClaims(house.store)
        gateway = await house.gateway("gateway")
        worker = await house.worker("worker", store=cast(Store, slow), slots=SLOTS)
        ticket = await house.ask(gateway, "ann", "q")
        await slow.written.wait()
        assert await gateway.line.publish(ticket)
        # The second offer is judged by now, or waits for the first: several turns of the loop and of the store.
        for _ in range(20):
            await house.ticket(ticket.id)
        slow.told.set()
        await until_called(house.puppet, "q")
        house.puppet.let_go()
        await eventually(house.at_rest)
        assert house.puppet.calls["q"] == 1
        await all_slots_are_free(house, gateway, worker)
        await house.the_law_holds()


async def test_a_worker_that_lost_its_lease_gets_its_own_ticket_again(houses: Houses) -> None:
    async with houses() as house:
        gateway = await house.gateway("gateway")
        worker = await house.worker("worker", slots=SLOTS)
        ticket = await house.ask(gateway, "ann", "q")
        await until_called(house.puppet, "q")
        house.clock.advance(LEASE_GONE_S)
        await gateway.keeper.sweep()
        await eventually(lambda: called(house, "q", 2))
        house.puppet.let_go()
        await eventually(house.at_rest)
        ended = await house.ticket(ticket.id)
        assert (ended.state, ended.attempt) == (TicketState.COMPLETE, 2)
        await all_slots_are_free(house, gateway, worker)
        await house.the_law_holds()


async def called(house: House, question: str, times: int) -> bool:
    return house.puppet.calls[question] == times
