"""What a dead process did not tell is told by the keeper, before ledgers are compared with the store."""

from contextlib import suppress

from services.gateway.accept import Question
from tests.integration.line.conftest import Houses
from tests.integration.line.house import SWEEP_S
from tests.support.broker import eventually
from tests.support.in_process.fuse import Died, Fuse
from tests.support.in_process.processes import POOL


async def test_everybody_counts_a_ticket_whose_gateway_died_before_telling_of_it(houses: Houses) -> None:
    async with houses() as house:
        fuse = Fuse()
        doomed = await house.gateway("doomed", fuse)
        others = [await house.gateway(f"other-{number}") for number in range(2)]
        fuse.calls.clear()
        fuse.last = 1
        with suppress(Died):
            await doomed.ask("ann", Question(content="q"))
        await house.kill(doomed)
        assert len(await house.store.live_tickets()) == 1
        assert [gateway.ledger.pool(POOL).waiting for gateway in others] == [0, 0]
        house.clock.advance(SWEEP_S)
        await others[0].keeper.sweep()

        async def counted() -> bool:
            return [gateway.ledger.pool(POOL).waiting for gateway in others] == [1, 1]

        await eventually(counted)
