"""Moves in the line that several services make: publish, release what may go, hand back, end. Each tells everybody."""

from functools import partial

import structlog
from opentelemetry.trace import SpanKind

from tokenline.contracts.attachments import AttachmentState
from tokenline.contracts.base import pack
from tokenline.contracts.chat import Message
from tokenline.contracts.errors import BrokerUnavailable, ErrorInfo, QueueFull
from tokenline.contracts.ids import TicketId, UserId
from tokenline.contracts.tickets import HoldReason, Ticket, TicketOffer, TicketState
from tokenline.contracts.topology import TICKETS
from tokenline.core import ticket as moves
from tokenline.core.clock import Clock
from tokenline.core.fairness import next_reasons
from tokenline.core.ports.broker import Broker
from tokenline.core.ports.store import Store
from tokenline.runtime.amend import Change, amend
from tokenline.runtime.announcer import Announcer
from tokenline.runtime.tracing import ticket_span

log = structlog.get_logger()

READ = frozenset({AttachmentState.INDEXED, AttachmentState.FAILED})
"""A question need not wait for such a file: it was read, or never will be."""


class Line:
    def __init__(self, store: Store, broker: Broker, clock: Clock, *, user_limit: int) -> None:
        self._store = store
        self._broker = broker
        self._clock = clock
        self._user_limit = user_limit
        self._announcer = Announcer(broker)

    async def change(
        self, ticket_id: TicketId, change: Change, *, known: Ticket | None = None, answer: Message | None = None
    ) -> Ticket | None:
        """`amend`, and announce what was written."""
        written = await amend(self._store, ticket_id, change, known=known, answer=answer)
        if written is not None:
            await self._announcer.ticket(written)
        return written

    async def announce(self, ticket: Ticket) -> None:
        await self._announcer.ticket(ticket)

    async def publish(self, ticket: Ticket) -> bool:
        """Offer a queued ticket to its pool. False: the broker did not confirm, the keeper will publish it."""
        offer = TicketOffer(ticket_id=ticket.id, publish_no=ticket.publish_no)
        try:
            with ticket_span("ticket.publish", ticket, kind=SpanKind.PRODUCER):
                await self._broker.publish(TICKETS.name, ticket.pool, pack(offer), priority=ticket.priority)
        except (BrokerUnavailable, QueueFull) as error:
            log.warning("ticket.unpublished", ticket_id=ticket.id, reason=error.code)
            return False
        await amend(self._store, ticket.id, lambda now: self._published(now, ticket.publish_no), known=ticket)
        return True

    def _published(self, ticket: Ticket, publish_no: int) -> Ticket | None:
        if ticket.state is not TicketState.QUEUED or ticket.publish_no != publish_no:
            return None
        return moves.mark_published(ticket, now=self._clock.now())

    async def release(self, owner: UserId) -> int:
        """Let every held ticket of this owner into the queue that may go; how many went."""
        live = await self._store.live_tickets(owner)
        held = [ticket for ticket in live if ticket.state is TicketState.HELD]
        if not held:
            return 0
        reasons = next_reasons(live, user_limit=self._user_limit, indexing=await self._indexing(held))
        released = 0
        for ticket in held:
            reason = reasons[ticket.id]
            if reason is None:
                released += await self._release(ticket)
            elif reason is not ticket.hold_reason:
                await self.change(ticket.id, partial(_hold_for, reason=reason), known=ticket)
        return released

    async def _release(self, ticket: Ticket) -> bool:
        seq = await self._store.next_seq()
        now = self._clock.now()
        queued = await self.change(
            ticket.id,
            lambda held: moves.queue(held, seq=seq, now=now) if held.state is TicketState.HELD else None,
            known=ticket,
        )
        if queued is not None:
            await self.publish(queued)
        return queued is not None

    async def _indexing(self, held: list[Ticket]) -> list[TicketId]:
        """Which of these wait for a file that is still being read."""
        waiting = []
        for ticket in held:
            question = await self._store.get_message(ticket.question_id)
            if question is None or not question.attachment_ids:
                continue
            files = await self._store.attachments(question.attachment_ids)
            if any(file.state not in READ for file in files):
                waiting.append(ticket.id)
        return waiting

    async def hand_back(self, ticket: Ticket) -> Ticket | None:
        """Give a running ticket back for another attempt; ``None`` when it is no longer this attempt's to give."""
        seq = await self._store.next_seq()
        now = self._clock.now()
        queued = await self.change(
            ticket.id,
            lambda current: moves.hand_back(current, seq=seq, now=now) if same_attempt(current, ticket) else None,
            known=ticket,
        )
        if queued is not None:
            await self.publish(queued)
        return queued

    async def fail(self, ticket: Ticket, error: ErrorInfo, answer: Message | None = None) -> Ticket | None:
        """End with an error; ``None`` when it has ended or another attempt has it."""
        ended = await self.change(
            ticket.id,
            lambda current: (
                moves.fail(current, error, now=self._clock.now())
                if current.attempt == ticket.attempt and current.state in moves.LIVE
                else None
            ),
            known=ticket,
            answer=answer,
        )
        if ended is not None:
            await self.release(ended.owner_id)
        return ended


def _hold_for(ticket: Ticket, reason: HoldReason) -> Ticket | None:
    return moves.hold(ticket, reason) if ticket.state is TicketState.HELD else None


def same_attempt(current: Ticket, ticket: Ticket) -> bool:
    """Whether ``current`` still belongs to the attempt that ``ticket`` was read in: the fence."""
    return (
        current.state in moves.RUNNING
        and current.attempt == ticket.attempt
        and current.incarnation == ticket.incarnation
    )
