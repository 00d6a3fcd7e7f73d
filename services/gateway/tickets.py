"""What a user may do with a ticket of theirs: look, follow, stop."""

import asyncio
from collections.abc import AsyncIterator

from services.gateway.live import Cursor, Follower
from services.gateway.streams import Streams
from tokenline.contracts.base import pack
from tokenline.contracts.control import CancelTicket, to_worker
from tokenline.contracts.frames import ServerFrame
from tokenline.contracts.ids import TicketId
from tokenline.contracts.tickets import Ticket
from tokenline.contracts.topology import CONTROL
from tokenline.core import ticket as moves
from tokenline.core.access import owned_by
from tokenline.core.clock import Clock
from tokenline.core.ports.broker import Broker
from tokenline.core.ports.store import Store
from tokenline.runtime.auth.principal import Principal
from tokenline.runtime.line import Line


class Tickets:
    def __init__(self, store: Store, line: Line, streams: Streams, broker: Broker, clock: Clock) -> None:
        self._store = store
        self._line = line
        self._streams = streams
        self._broker = broker
        self._clock = clock

    async def get(self, asker: Principal, ticket_id: TicketId) -> Ticket:
        """Raises `NotFound` for a missing ticket and for somebody else's."""
        return owned_by(asker.user_id, await self._store.get_ticket(ticket_id))

    async def stop(self, asker: Principal, ticket_id: TicketId) -> Ticket:
        """Stop at whatever stage. A waiting ticket ends at once; a running one when its worker hears of it.

        Stopping what has ended changes nothing. Raises `NotFound`.
        """
        known = await self.get(asker, ticket_id)
        stopped = await self._line.change(ticket_id, self._stopped, known=known)
        if stopped is None:
            return await self.get(asker, ticket_id)
        if stopped.state in moves.TERMINAL:
            await self._line.release(stopped.owner_id)
        elif stopped.worker_id is not None:
            command = CancelTicket(ticket_id=ticket_id)
            await self._broker.tell(CONTROL.name, to_worker(stopped.worker_id), pack(command))
        return stopped

    def _stopped(self, ticket: Ticket) -> Ticket | None:
        if ticket.state in moves.TERMINAL:
            return None
        if ticket.state in moves.RUNNING:
            return moves.request_cancel(ticket)
        return moves.cancel(ticket, now=self._clock.now())

    async def frames(self, ticket: Ticket, cursor: Cursor, idle_s: float) -> AsyncIterator[ServerFrame | str | None]:
        """What happens to the ticket beyond the cursor, until its terminal frame; ``None`` after each ``idle_s`` of
        nothing. The cursor is past each frame when it is handed out.

        Close the iterator to stop following.
        """
        woken = asyncio.Event()
        follower = Follower(ticket.id, lambda _: woken.set(), cursor)
        await self._streams.join(ticket, follower)
        live = self._streams.live.get(ticket.id)
        try:
            while live is not None:
                woken.clear()
                for frame in live.beyond(cursor):
                    yield frame
                if cursor.done:
                    return
                try:
                    async with asyncio.timeout(idle_s):
                        await woken.wait()
                except TimeoutError:
                    yield None
        finally:
            self._streams.leave(follower)
