"""Moves in the line that several services make, from publishing to the end. Each tells everybody."""

from collections.abc import Sequence

import structlog
from msgspec.structs import replace
from opentelemetry.trace import SpanKind

from tokenline.contracts.base import pack
from tokenline.contracts.chat import Message, MessageStatus
from tokenline.contracts.control import CancelTicket, to_worker
from tokenline.contracts.errors import BrokerUnavailable, ErrorInfo, QueueFull
from tokenline.contracts.ids import Pool, TicketId, UserId
from tokenline.contracts.tickets import Ticket, TicketOffer, TicketState
from tokenline.contracts.topology import CONTROL, TICKETS
from tokenline.core import ticket as moves
from tokenline.core.ports.broker import Broker
from tokenline.core.ports.store import Store, TicketChange
from tokenline.runtime.amend import Amended, amended_by
from tokenline.runtime.announcer import Announcer
from tokenline.runtime.confirmations import Confirmations
from tokenline.runtime.tracing import ticket_span

log = structlog.get_logger()


class Line:
    """Every instant it writes is of the store's clock, by which others will judge it: one process's may be wrong."""

    def __init__(self, store: Store, broker: Broker, *, user_limit: int) -> None:
        self._store = store
        self._broker = broker
        self._user_limit = user_limit
        self.announcer = Announcer(broker)
        self.confirmations = Confirmations(store)

    async def change(
        self,
        ticket_id: TicketId,
        change: TicketChange,
        *,
        known: Ticket | None = None,
        messages: Sequence[Message] = (),
    ) -> Ticket | None:
        """`amend`, and announce what was written."""
        amended = await self.amended_by(ticket_id, change, known=known, messages=messages)
        return None if amended is None else amended.ticket

    async def amended_by(
        self,
        ticket_id: TicketId,
        change: TicketChange,
        *,
        known: Ticket | None = None,
        messages: Sequence[Message] = (),
        patient: bool = False,
    ) -> Amended | None:
        """`runtime.amend.amended_by`, and announce what was written."""
        amended = await amended_by(self._store, ticket_id, change, known=known, messages=messages, patient=patient)
        if amended is not None:
            self.announcer.ticket(amended.ticket)
        return amended

    def announce(self, ticket: Ticket) -> None:
        self.announcer.ticket(ticket)

    # ── into the queue ───────────────────────────────────────────────────────────────────────────────────────────────

    async def publish(self, ticket: Ticket, *, alone: bool = True) -> bool:
        """Offer a queued ticket to its pool. False: the broker did not confirm, the keeper will publish it.

        ``alone`` false: one of many, by many; that it is confirmed is written down a moment later together with others.
        """
        offer = TicketOffer(ticket_id=ticket.id, publish_no=ticket.publish_no)
        try:
            with ticket_span("ticket.publish", ticket, kind=SpanKind.PRODUCER):
                await self._broker.publish(TICKETS.name, ticket.pool, pack(offer), priority=ticket.priority)
        except (BrokerUnavailable, QueueFull) as error:
            log.warning("ticket.unpublished", ticket_id=ticket.id, reason=error.code)
            return False
        if alone:
            await self._store.confirm_published([offer])
        else:
            self.confirmations.note(offer)
        return True

    async def release(self, owner: UserId) -> int:
        """Let every held ticket of this owner into the queue that may go; how many went."""
        released = 0
        now = await self._store.now()
        for ticket in await self._store.release_held(owner, user_limit=self._user_limit, now=now):
            self.announcer.ticket(ticket)
            if ticket.state is TicketState.QUEUED:
                released += 1
                await self.publish(ticket, alone=False)
        return released

    async def reposition(self, ticket: Ticket, *, priority: int, pool: Pool | None = None) -> Ticket | None:
        """Move a waiting ticket to the back of another level or pool; ``None`` when it no longer waits, or is there."""
        seq = await self._store.next_seq()
        now = await self._store.now()

        def moved(current: Ticket) -> Ticket | None:
            there = (current.priority, current.pool) == (priority, pool or current.pool)
            if current.state not in moves.WAITING or there:
                return None
            return moves.reposition(current, priority=priority, pool=pool, seq=seq, now=now)

        return await self._move(ticket, moved)

    async def age(self, ticket: Ticket, *, priority: int, earned_at: float) -> Ticket | None:
        """Let a queued ticket up to a level it has waited for until ``earned_at``; its next one counts from there.

        ``None`` when it no longer waits, or was published again since ``ticket`` was read.
        """
        seq = await self._store.next_seq()

        def aged(current: Ticket) -> Ticket | None:
            if current.state is not TicketState.QUEUED or current.publish_no != ticket.publish_no:
                return None
            return moves.reposition(current, priority=priority, seq=seq, now=earned_at)

        return await self._move(ticket, aged)

    async def _move(self, ticket: Ticket, change: TicketChange) -> Ticket | None:
        written = await self.change(ticket.id, change, known=ticket)
        if written is not None and written.state is TicketState.QUEUED:
            await self.publish(written)
        return written

    # ── another attempt ──────────────────────────────────────────────────────────────────────────────────────────────

    async def hand_back(self, ticket: Ticket, *, lost: bool = False) -> Ticket | None:
        """Give a running or pausing ticket back for another attempt; ``None`` when it is another attempt's by now.

        ``lost``: because its worker is. One that its owner has stopped meanwhile ends instead.
        """
        seq = await self._store.next_seq()
        now = await self._store.now()

        def handed_back(current: Ticket) -> Ticket | None:
            if not same_attempt(current, ticket):
                return None
            if current.cancel_requested:
                return moves.cancel(current, now=now)
            return moves.hand_back(current, seq=seq, now=now, lost=lost)

        written = await self.change(ticket.id, handed_back, known=ticket)
        if written is not None and written.state is TicketState.QUEUED:
            await self.publish(written)
        elif written is not None:
            await self.release(written.owner_id)
        return written

    async def pause(self, ticket: Ticket, *, seconds: float) -> Ticket | None:
        """Another attempt, but later: it holds no slot meanwhile. ``None`` when another attempt has it.

        One that its owner has stopped meanwhile ends instead.
        """
        now = await self._store.now()

        def paused(current: Ticket) -> Ticket | None:
            if not same_attempt(current, ticket):
                return None
            if current.cancel_requested:
                return moves.cancel(current, now=now)
            return moves.pause(current, due_at=now + seconds)

        return await self.change(ticket.id, paused, known=ticket)

    # ── the end ──────────────────────────────────────────────────────────────────────────────────────────────────────

    async def fail(
        self, ticket: Ticket, error: ErrorInfo, answer: Message | None = None, *, dead: bool = False
    ) -> Ticket | None:
        """End with an error; ``None`` when it has ended, or was handed back or claimed meanwhile."""
        now = await self._store.now()
        ended = await self.change(
            ticket.id,
            lambda current: (
                moves.fail(current, error, now=now, dead=dead)
                if current.state in moves.LIVE
                and (current.attempt, current.incarnation) == (ticket.attempt, ticket.incarnation)
                else None
            ),
            known=ticket,
            messages=[answer] if answer else [],
        )
        if ended is not None:
            await self.release(ended.owner_id)
        return ended

    async def stop(self, ticket: Ticket) -> Ticket | None:
        """Cancel at whatever stage: a waiting ticket ends at once, a running one when its worker hears of it.

        ``None`` when it has ended.
        """
        withdrawn = await self._withdraw(ticket)
        if withdrawn is not None:
            await self.release(withdrawn.owner_id)
            return withdrawn
        stopped = await self.change(
            ticket.id, lambda current: moves.request_cancel(current) if current.state in moves.RUNNING else None
        )
        if stopped is not None and stopped.worker_id is not None:
            command = CancelTicket(ticket_id=ticket.id)
            await self._broker.tell(CONTROL.name, to_worker(stopped.worker_id), pack(command))
        return stopped

    async def _withdraw(self, ticket: Ticket) -> Ticket | None:
        """End a ticket that waits; ``None`` when it does not. A question nobody began to answer is marked with it."""
        if ticket.state not in moves.WAITING:
            return None
        now = await self._store.now()
        question = await self._store.get_message(ticket.question_id) if ticket.attempt == 0 else None
        return await self.change(
            ticket.id,
            lambda current: moves.cancel(current, now=now) if current.state in moves.WAITING else None,
            known=ticket,
            messages=[replace(question, status=MessageStatus.CANCELLED)] if question else [],
        )


def same_attempt(current: Ticket, ticket: Ticket) -> bool:
    """Whether ``current`` still belongs to the attempt that ``ticket`` was read in, running or pausing: the fence."""
    return (
        (current.state in moves.RUNNING or current.due_at is not None)
        and current.attempt == ticket.attempt
        and current.incarnation == ticket.incarnation
    )
