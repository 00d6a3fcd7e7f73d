"""Replies of workers, kept as growing texts for whoever follows them here."""

from collections.abc import Awaitable, Callable, Sequence

import structlog

from services.gateway.live import Follower, LiveTicket, Place
from services.gateway.pace import Pace
from tokenline.contracts.base import pack
from tokenline.contracts.chat import Message
from tokenline.contracts.control import TO_ALL_WORKERS, AttachGateway, to_worker
from tokenline.contracts.events import Event, TicketChanged
from tokenline.contracts.frames import ToolCallFrame
from tokenline.contracts.ids import GatewayId, TicketId, WorkerId
from tokenline.contracts.replies import CallPieces, Delta, Ended, Final, Snapshot, ToolCall, unpack_replies
from tokenline.contracts.tickets import Ticket, TicketState
from tokenline.contracts.topology import CONTROL, reply_key, reply_queue
from tokenline.core.clock import Clock
from tokenline.core.ledger import Ledger
from tokenline.core.ports.broker import Broker, Consumption, Delivery
from tokenline.core.ports.store import Store
from tokenline.core.ticket import RUNNING, TERMINAL, WAITING, follow, line_entry
from tokenline.runtime.amend import amend
from tokenline.runtime.supervisor import Supervisor

log = structlog.get_logger()

REPLY_PREFETCH = 1000
QUIET_S = 3.0
"""A followed answer of which nothing was heard for so long is looked up: its last reply may have been lost."""
REPLY_S = 0.25
"""The event of an end and its worker's reply are sent together. Which comes first is chance; that one is so much later
is not."""
ASK_AGAIN_S = 1.0
"""A worker sends the whole text within milliseconds; but the question for it, or the text, may have been lost."""


class Streams:
    def __init__(
        self,
        store: Store,
        broker: Broker,
        ledger: Ledger,
        supervisor: Supervisor,
        clock: Clock,
        gateway: GatewayId,
        incarnation: str,
        *,
        observe_fenced: Callable[[], None] | None = None,
    ) -> None:
        """``observe_fenced`` is told of each reply that was refused because a newer attempt exists."""
        self.live: dict[TicketId, LiveTicket] = {}
        self._store = store
        self._broker = broker
        self._ledger = ledger
        self._supervisor = supervisor
        self._clock = clock
        self._key = reply_key(gateway)
        self._queue = reply_queue(gateway, incarnation)
        self._observe_fenced = observe_fenced
        self._consumption: Consumption | None = None
        self._pace = Pace(clock)
        self._unanswered: dict[TicketId, float] = {}
        """Tickets of whose end an event told and no worker yet; since when (monotonic), the longest first."""
        self.leaving = False
        """This gateway stops: whoever can go on at another one is let go."""

    @property
    def listening(self) -> bool:
        """Whether replies of workers reach this gateway."""
        return self._consumption is not None

    async def start(self) -> None:
        self._consumption = await self._broker.consume(
            self._queue, self._receive, prefetch=REPLY_PREFETCH, on_restored=self.attach_again
        )

    # ── followers ────────────────────────────────────────────────────────────────────────────────────────────────────

    def expect(self, ticket: Ticket) -> LiveTicket:
        """Keep what comes for a ticket that names this gateway in ``reply_to`` from its first claim on."""
        live = self.live.get(ticket.id)
        if live is None:
            live = self.live[ticket.id] = LiveTicket(line_entry(ticket))
            self._place(live)
        return live

    async def join(self, ticket: Ticket, follower: Follower) -> None:
        """Follow a ticket in any state; the follower is woken at once."""
        known = self.live.get(ticket.id)
        live = known or self.expect(ticket)
        # Before the first await: it may leave meanwhile, and nobody would make it leave again.
        live.followers.add(follower)
        if known is None:
            await self._catch_up(ticket, live)
        elif ticket.state in TERMINAL:
            # Its end may not have been heard of here.
            await self._look_for_end(live)
        follower.wake(follower)

    def leave(self, follower: Follower) -> None:
        live = self.live.get(follower.ticket_id)
        if live is not None:
            live.followers.discard(follower)
            self._drop_if_over(live)

    def leave_all(self) -> None:
        """Set `leaving` and wake everybody to see it."""
        self.leaving = True
        for live in list(self.live.values()):
            live.wake()

    async def _catch_up(self, ticket: Ticket, live: LiveTicket) -> None:
        """Get what was said before this gateway listened: from the store if it ended, else from its worker."""
        if ticket.state in TERMINAL:
            await self._look_for_end(live)
            return
        if self._key not in ticket.reply_to:
            key = self._key
            await amend(
                self._store,
                ticket.id,
                lambda now: follow(now, key) if key not in now.reply_to and now.state not in TERMINAL else None,
                known=ticket,
            )
        # To every worker: which one has it may have changed since the ticket was read.
        await self._attach(live, None)
        if ticket.id not in self._ledger.entries:
            # Its end was heard of before, or its beginning was not yet.
            await self._look_for_end(live)

    async def _attach(self, live: LiveTicket, worker: WorkerId | None) -> None:
        live.asked_at = self._clock.monotonic()
        command = AttachGateway(ticket_id=live.entry.ticket_id, gateway_id=self._key)
        await self._broker.tell(CONTROL.name, to_worker(worker) if worker else TO_ALL_WORKERS, pack(command))

    async def attach_again(self) -> None:
        """After this gateway's queue was lost: what was in it is gone, so ask for every live text once more."""
        for live in list(self.live.values()):
            ticket = await self._store.get_ticket(live.entry.ticket_id)
            if ticket is not None:
                await self._catch_up(ticket, live)

    async def look_after_quiet(self) -> None:
        """Ask the store and the worker about answers that have gone quiet. Run it every `QUIET_S`."""
        now = self._clock.monotonic()
        for live in list(self.live.values()):
            live.look_for_lost()
            under_way = live.running or live.entry.state in TERMINAL  # an end that could not be read
            if live.followers and under_way and not live.ended and now - live.heard_at > QUIET_S:
                live.heard_at = now
                await self._look_for_end(live)
                if not live.ended:
                    await self._attach(live, None)

    async def look_for_replies(self) -> None:
        """Read the ends that only an event told of: the reply was lost, or nobody sent one. Run it every `REPLY_S`."""
        before = self._clock.monotonic() - REPLY_S
        for ticket_id, told_at in list(self._unanswered.items()):
            if told_at > before:
                return
            if (live := self.live.get(ticket_id)) is not None:
                # Not forgotten before it is read: the store may be away.
                await self._end(live)
            self._unanswered.pop(ticket_id, None)

    def _drop_if_over(self, live: LiveTicket) -> None:
        if not live.followers and live.ended:
            self.live.pop(live.entry.ticket_id, None)

    def _place(self, live: LiveTicket) -> None:
        """Where it stands at first sight; `Positions` follows it from here."""
        live.place, live.placed = Place(self._ledger.position(live.entry)), live.entry
        live.above = self._ledger.pool(live.entry.pool).above(live.entry.priority)

    # ── replies and events ───────────────────────────────────────────────────────────────────────────────────────────

    def _receive(self, delivery: Delivery) -> Awaitable[None] | None:
        """At once, but for what is missing and ends that have to be read: a task for each tick would cost more."""
        batch = unpack_replies(delivery.body)
        ended: list[LiveTicket] = []
        gaps: list[LiveTicket] = []
        now = self._clock.monotonic()
        for reply in batch.items:
            live = self.live.get(reply.ticket_id)
            if live is None or live.ended:
                continue
            if reply.attempt < live.attempt:
                self._refuse()
                continue
            live.heard_at = now
            whole = True
            match reply:
                case Delta():
                    whole = live.grow(reply.attempt, reply.offset, reply.text)
                case CallPieces():
                    whole = live.call(reply.attempt, reply.offset, reply.pieces)
                case Snapshot(attempt=attempt, text=text, pieces=pieces):
                    live.asked_at = None
                    live.grow(attempt, 0, text)
                    live.call(attempt, 0, pieces)
                case ToolCall():
                    whole = live.use(reply.index, _tool_frame(reply))
                case Ended():
                    ended.append(live)
                case Final():
                    if live.finish(reply):
                        self._over(live)
                    else:
                        ended.append(live)
            if not whole and (live.asked_at is None or now - live.asked_at > ASK_AGAIN_S):
                live.asked_at = now
                gaps.append(live)
            self._pace.wake(live)
        return self._see_to(gaps, ended, batch.worker_id) if gaps or ended else None

    async def _see_to(self, gaps: Sequence[LiveTicket], ended: Sequence[LiveTicket], worker: WorkerId) -> None:
        for live in gaps:
            await self._attach(live, worker)
        for live in ended:
            await self._end(live)

    def _refuse(self) -> None:
        """A worker that lost its ticket talks on."""
        if self._observe_fenced is not None:
            self._observe_fenced()

    def on_event(self, event: Event) -> None:
        """Take in a ticket's new state; its end may be learnt here before the terminal reply, or without one."""
        if not isinstance(event, TicketChanged):
            return
        live = self.live.get(event.entry.ticket_id)
        if live is None or live.ended or event.entry.version <= live.entry.version:
            return
        former, running, entry = live.entry, live.running, event.entry
        live.entry = entry
        live.heard_at = self._clock.monotonic()
        if entry.state in TERMINAL:
            # Only a worker replies, and errors are told by the event and the store.
            if running and entry.state is not TicketState.ERROR:
                self._unanswered[entry.ticket_id] = self._clock.monotonic()
            else:
                self._look_up_end(live)
            return
        if entry.state in WAITING and entry.state is not former.state:
            self._place(live)
        # That an answer has begun its text tells.
        if not (entry.state in RUNNING and former.state in RUNNING and entry.attempt == former.attempt):
            live.wake()

    def _look_up_end(self, live: LiveTicket) -> None:
        self._supervisor.spawn(f"end.{live.entry.ticket_id}", self._end(live))

    def on_reload(self) -> None:
        """Events may have been lost: look up every ticket that the ledger no longer has."""
        for ticket_id, live in list(self.live.items()):
            known = self._ledger.entries.get(ticket_id)
            if known is None:
                self._look_up_end(live)
            elif known.version > live.entry.version:
                live.entry = known
                live.wake()

    async def _end(self, live: LiveTicket) -> None:
        """Look for an end that was told of. A ticket's terminal reply and the event of its end come together, and one
        reading is enough for both; but one that began before the second of them may have been too early.
        """
        if live.ending:
            live.end_again = True
            return
        live.ending = True
        try:
            while True:
                live.end_again = False
                await self._look_for_end(live)
                if live.ended or not live.end_again:
                    return
        finally:
            live.ending = False

    async def _look_for_end(self, live: LiveTicket) -> None:
        """Read the end from the store and tell the followers. Does nothing when it has not ended."""
        ticket = await self._store.get_ticket(live.entry.ticket_id)
        if ticket is None:
            self.live.pop(live.entry.ticket_id, None)
            return
        if ticket.state not in TERMINAL:
            return
        answer = await answer_of(self._store, ticket)
        if live.ended:
            return
        live.entry = line_entry(ticket)
        live.end(ticket, answer)
        self._over(live)
        live.wake()

    def _over(self, live: LiveTicket) -> None:
        """It has ended, and whoever follows is about to be woken."""
        self._unanswered.pop(live.entry.ticket_id, None)
        self._drop_if_over(live)


async def answer_of(store: Store, ticket: Ticket) -> Message | None:
    """What it left as its answer; ``None`` for nothing, or when the question was asked again and that answer stands."""
    answer = await store.get_message(ticket.answer_id)
    return answer if answer is not None and answer.ticket_id == ticket.id else None


def _tool_frame(call: ToolCall) -> ToolCallFrame:
    return ToolCallFrame(
        ticket_id=call.ticket_id,
        attempt=call.attempt,
        call_id=call.call_id,
        name=call.name,
        status=call.status,
        detail=call.detail,
    )
