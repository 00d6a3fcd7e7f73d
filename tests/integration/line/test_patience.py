"""A lease that ran out while nobody could renew it takes no answer away from a worker that lives."""

from tests.integration.line.conftest import Houses
from tests.integration.line.house import LEASE_GONE_S, SWEEP_S
from tests.integration.line.test_crash_points import until_called
from tests.support.broker import eventually
from tokenline.contracts.tickets import TicketState


async def test_after_a_gap_workers_renew_their_leases_before_the_keeper_judges_them(houses: Houses) -> None:
    async with houses() as house:
        gateway = await house.gateway("gateway")
        worker = await house.worker("worker")
        ticket = await house.ask(gateway, "ann", "q")
        await until_called(house.puppet, "q")
        await gateway.keeper.sweep()
        house.clock.advance(LEASE_GONE_S)
        await gateway.keeper.sweep()
        await worker.leases.renew()
        house.clock.advance(SWEEP_S)
        await gateway.keeper.sweep()
        house.puppet.let_go()
        await eventually(house.at_rest)
        ended = await house.ticket(ticket.id)
        assert (ended.state, ended.attempt) == (TicketState.COMPLETE, 1)


async def test_a_worker_that_does_not_come_back_loses_its_answer_all_the_same(houses: Houses) -> None:
    async with houses() as house:
        gateway = await house.gateway("gateway")
        await house.worker("worker")
        ticket = await house.ask(gateway, "ann", "q")
        await until_called(house.puppet, "q")
        await gateway.keeper.sweep()
        house.clock.advance(LEASE_GONE_S)
        await gateway.keeper.sweep()
        assert (await house.ticket(ticket.id)).state in (TicketState.PROCESSING, TicketState.STREAMING)
        house.clock.advance(SWEEP_S)
        await gateway.keeper.sweep()
        assert (await house.ticket(ticket.id)).publish_no == 2
