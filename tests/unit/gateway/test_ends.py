"""The end of a ticket is told twice, by its worker and by its event, and read once."""

import asyncio
from typing import cast

from services.gateway.streams import Streams
from tests.support.broker import eventually
from tests.unit.test_core_ticket import ticket
from tokenline.adapters.broker_memory import MemoryBroker, MemoryServer
from tokenline.contracts.events import TicketChanged
from tokenline.contracts.tickets import Ticket, TicketState
from tokenline.core.clock import ManualClock
from tokenline.core.ledger import Ledger
from tokenline.core.ports.store import Store
from tokenline.core.ticket import line_entry
from tokenline.runtime.supervisor import Supervisor

RUNS = ticket(TicketState.STREAMING, version=3)
ENDED = ticket(TicketState.CANCELLED, version=4)
TOLD = TicketChanged(entry=line_entry(ENDED))


class Slow:
    """A store that says what was so when it was asked, once it is let go."""

    def __init__(self, now: Ticket) -> None:
        self.now = now
        self.asked: list[Ticket] = []
        self.go = asyncio.Event()

    async def get_ticket(self, _: str) -> Ticket:
        found = self.now
        self.asked.append(found)
        await self.go.wait()
        return found

    async def get_message(self, _: str) -> None:
        return None


async def _nothing_left(supervisor: Supervisor) -> bool:
    return len(supervisor) == 0


async def told_twice(store: Slow, *, ends_between: bool = False) -> bool:
    """Whether its followers know of the end when all is done."""
    async with Supervisor() as supervisor:
        broker = MemoryBroker(MemoryServer())
        streams = Streams(cast(Store, store), broker, Ledger(), supervisor, ManualClock(), "g", "i")
        live = streams.expect(RUNS)
        first = asyncio.create_task(streams._end(live))
        await asyncio.sleep(0)
        if ends_between:
            store.now = ENDED
        streams.on_event(TOLD)
        store.go.set()
        await first
        await eventually(lambda: _nothing_left(supervisor))
        return live.ended


async def test_one_reading_serves_both() -> None:
    store = Slow(ENDED)
    assert await told_twice(store)
    assert store.asked == [ENDED]


async def test_a_reading_that_began_too_early_is_repeated() -> None:
    store = Slow(RUNS)
    assert await told_twice(store, ends_between=True)
    assert store.asked == [RUNS, ENDED]
