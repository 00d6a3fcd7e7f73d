"""What the keeper publishes again: all that is missing, in its order, and of each pool by itself."""

import pytest
from msgspec.structs import replace

from services.gateway.accept import Question
from tests.integration.line.conftest import Houses
from tests.integration.line.house import SWEEP_S, House
from tests.integration.line.test_two_keepers import in_the_queue
from tests.support.in_process.processes import POOL, Gateway
from tokenline.contracts.tickets import Ticket
from tokenline.contracts.topology import ticket_queue
from tokenline.core import ticket as moves
from tokenline.runtime.agents import Agents

OTHER = "other"
WAITING = 20


def two_pools(house: House) -> None:
    first = house.agents.default
    house.agents = Agents((first, replace(first, id=OTHER, pool=OTHER)))


async def ask(house: House, gateway: Gateway, content: str, agent: str | None = None, tier: int = 4) -> Ticket:
    question = Question(content=content, agent_id=agent, client_message_id=content)
    return house.note(await gateway.ask(content, question, tier))


async def sweep(house: House, gateway: Gateway, times: int) -> None:
    for _ in range(times):
        house.clock.advance(SWEEP_S)
        await gateway.keeper.sweep()


@pytest.mark.parametrize("waiting", [1, WAITING])
async def test_a_few_that_are_lost_are_noticed_although_others_came_after_them(houses: Houses, waiting: int) -> None:
    """Nobody works: nothing passes them over, and the queue is not empty."""
    async with houses() as house:
        gateway = await house.gateway("gateway")
        await sweep(house, gateway, 1)
        tickets = [await ask(house, gateway, f"before-{number}") for number in range(waiting)]
        await house.idle(gateway)
        house.server.wipe()
        house.server.start()
        await gateway.broker.connect()
        tickets += [await ask(house, gateway, f"after-{number}") for number in range(3)]
        await house.idle(gateway)
        assert len(in_the_queue(house)) == 3
        await sweep(house, gateway, 3)
        offered = [offer.ticket_id for offer in in_the_queue(house)]
        assert offered[3:] == [ticket.id for ticket in tickets], "all of them, in their order"
        await sweep(house, gateway, 3)
        assert len(in_the_queue(house)) == len(offered), "and no more than once"
        assert await house.quiet() == 0
        await house.the_law_holds()


async def test_a_pool_that_takes_nothing_does_not_keep_others_from_their_queues(houses: Houses) -> None:
    async with houses() as house:
        two_pools(house)
        gateway = await house.gateway("gateway")
        house.server.blocked = True
        await ask(house, gateway, "stuck", OTHER, tier=9)
        await ask(house, gateway, "free")
        await house.idle(gateway)
        house.server.blocked = False
        house.server.queues[ticket_queue(OTHER).name].bindings.clear()
        await sweep(house, gateway, 1)
        assert len(in_the_queue(house)) == 1
        assert house.server.queues[ticket_queue(POOL).name].depth == 1


async def test_a_pool_whose_queue_is_gone_does_not_stop_the_sweep(houses: Houses) -> None:
    """As when the last agent of a pool was taken from the agents file, and the broker forgot its queue."""
    async with houses() as house:
        two_pools(house)
        former = await house.gateway("former")
        await ask(house, former, "left-behind", OTHER)
        held = [await house.ask(former, "ann", f"q{number}") for number in range(3)]
        await house.idle(former)
        await house.kill(former)
        house.server.queues.pop(ticket_queue(OTHER).name)
        house.agents = Agents((house.agents.default,))
        gateway = await house.gateway("gateway")
        # By somebody who died before releasing the next.
        assert await house.store.replace_ticket(moves.cancel(held[0], now=house.clock.now()))
        await sweep(house, gateway, 1)
        assert (await house.ticket(held[2].id)).publish_no == 1, "the last step of a sweep"
