"""Takes offers from the pool's queue: judges, claims, and starts a run for each claim."""

import asyncio
from collections.abc import Callable
from functools import partial
from weakref import WeakValueDictionary

import msgspec
import structlog
from opentelemetry.trace import Span, SpanKind

from services.agent_worker.deps import Deps
from services.agent_worker.ending import tell_ended
from services.agent_worker.room import Room
from services.agent_worker.run import Run, Stop
from services.agent_worker.settings import WorkerSettings
from services.agent_worker.titles import Titles
from tokenline.contracts.errors import AnswerIncomplete, QueueTimeout, StoreUnavailable
from tokenline.contracts.ids import TicketId
from tokenline.contracts.metrics import ANSWER, QUEUE_WAIT, TICKETS
from tokenline.contracts.tickets import Ticket, TicketOffer, TicketState
from tokenline.contracts.topology import ticket_queue
from tokenline.core import ticket as moves
from tokenline.core.ports.broker import Consumption, Delivery
from tokenline.core.ports.store import Asked, Offered
from tokenline.core.ticket import Claim, judge_offer
from tokenline.runtime.supervisor import Supervisor
from tokenline.runtime.tracing import failed, ticket_span

log = structlog.get_logger()

STORE_RETRY_S = 1.0

Order = Callable[[Run], None]
ClaimAt = Callable[[float, Ticket], Ticket | None]
"""By the store's time: the ticket as claimed; ``None``: it is not to be. Called by any thread."""

_offers = msgspec.msgpack.Decoder(TicketOffer)


class Intake:
    """``runs`` are this process's running tickets. ``changed`` is set whenever their number changes."""

    def __init__(self, deps: Deps, settings: WorkerSettings, incarnation: str, supervisor: Supervisor) -> None:
        self.runs: dict[TicketId, Run] = {}
        self.draining = False
        self.paused = False
        self.changed = asyncio.Event()
        self._deps = deps
        self._settings = settings
        self._incarnation = incarnation
        self._supervisor = supervisor
        self._consumption: Consumption | None = None
        self._started = False
        self._changing = False
        self._room = Room(settings.slots)
        self._titles = Titles(deps, settings)
        self._idle = asyncio.Event()
        self._idle.set()
        self._beginning: dict[TicketId, list[Order]] = {}
        self._turns: WeakValueDictionary[TicketId, asyncio.Lock] = WeakValueDictionary()

    async def start(self) -> None:
        """Take as many tickets as there are slots: an unacknowledged delivery is a running answer.

        Raises `BrokerUnavailable` and `TopologyMismatch`.
        """
        self._started = True
        await self._take_or_not()

    def tell(self, ticket_id: TicketId, order: Order) -> None:
        """To the run of this ticket, also to one that is about to begin: others see a claim before its worker does."""
        if (run := self.runs.get(ticket_id)) is not None:
            order(run)
        if (orders := self._beginning.get(ticket_id)) is not None:
            orders.append(order)

    async def pause(self, *, paused: bool) -> None:
        """Take no more while the pool is paused; what runs goes on. Raises as `start`: then say it once more."""
        self.paused = paused
        await self._take_or_not()

    async def drain(self) -> None:
        """Take no more until this process ends; what runs goes on."""
        self.draining = True
        await self._take_or_not()

    async def _take_or_not(self) -> None:
        """As it is wanted by now. Returns at once while an earlier call is at work, which then looks again."""
        if self._changing:
            return
        self._changing = True
        try:
            while self._takes != (self._consumption is not None):
                await (self._take() if self._takes else self._take_no_more())
                self._changed()
        finally:
            self._changing = False

    @property
    def _takes(self) -> bool:
        return self._started and not self.paused and not self.draining

    async def _take(self) -> None:
        queue = ticket_queue(self._settings.pool)
        self._consumption = await self._deps.broker.consume(queue, self._offered, prefetch=self._settings.slots)
        self._room.open()

    async def _take_no_more(self) -> None:
        consumption, self._consumption = self._consumption, None
        self._room.close()
        if consumption is not None:
            await consumption.cancel()

    async def finish(self, within_s: float) -> None:
        """Wait for the runs; after ``within_s`` hand the rest back to others."""
        await self.drain()
        try:
            async with asyncio.timeout(within_s):
                await self._idle.wait()
        except TimeoutError:
            for run in list(self.runs.values()):
                run.stop(Stop.DRAINED)
            async with asyncio.timeout(within_s):
                await self._idle.wait()

    async def _offered(self, delivery: Delivery) -> None:
        try:
            offer = _offers.decode(delivery.body)
        except msgspec.MsgspecError:
            log.warning("offer.malformed")
            await delivery.reject()
            return
        await self._judge(offer, delivery)

    async def _judge(self, offer: TicketOffer, delivery: Delivery) -> None:
        """Judge until a verdict stands: between reading and claiming somebody else may have claimed.

        Offers of one ticket take turns: to another one, a claim under way would look like one whose result was lost.
        """
        turn = self._turns.setdefault(offer.ticket_id, asyncio.Lock())
        async with turn:
            in_doubt = False
            while True:
                try:
                    if await self._settled(offer, delivery, in_doubt=in_doubt):
                        return
                except StoreUnavailable:
                    # The offer stays in hand, unacknowledged: nobody else could do more with it. A claim may have been
                    # written all the same, and then nobody else runs it (F32).
                    in_doubt = True
                    await asyncio.sleep(STORE_RETRY_S)

    async def _settled(self, offer: TicketOffer, delivery: Delivery, *, in_doubt: bool) -> bool:
        """Claim the ticket, or do what else is due; False when it has to be judged again."""
        if in_doubt or delivery.redelivered or not self._room.has_place:
            ticket = await self._deps.store.get_ticket(offer.ticket_id)
        else:
            # As nearly every offer: read, judged and claimed in one call.
            offered = await self._claim(offer.ticket_id, delivery, partial(self._first_claim, offer), suspect=False)
            if _is_won(offered):
                return True
            ticket = offered.ticket if offered else None
        if ticket is not None and in_doubt and self._was_claimed(ticket):
            await self._room.enter(suspect=self._deps.failures.suspect(ticket))
            self._begin(ticket, delivery)
            return True
        verdict = judge_offer(
            ticket,
            publish_no=offer.publish_no,
            redelivered=delivery.redelivered,
            running_here=offer.ticket_id in self.runs,
            now=await self._deps.store.now(),
        )
        if ticket is None or verdict is Claim.DROP:
            await delivery.ack()
            return True
        match verdict:
            case Claim.RUN | Claim.STEAL if self._deps.failures.hopeless(ticket):
                every_attempt_failed = AnswerIncomplete("Every attempt at an answer failed.")
                self._count(await self._deps.failures.give_up(ticket, every_attempt_failed))
                return False
            case Claim.RUN | Claim.STEAL:
                suspect = self._deps.failures.suspect(self._claimed(ticket, 0.0))
                as_judged = partial(self._claim_as_judged, ticket)
                return _is_won(await self._claim(ticket.id, delivery, as_judged, suspect=suspect))
            case Claim.ADOPT:
                await _adopt(self.runs[ticket.id], delivery)
            case Claim.OVERDUE:
                self._count(await self._deps.line.fail(ticket, QueueTimeout().info()))
                return False
            case Claim.FINISHED:
                tell_ended(self._deps, ticket, set())
                await delivery.ack()
        return True

    def _first_claim(self, offer: TicketOffer, now: float, ticket: Ticket) -> Ticket | None:
        """Of a ticket that nobody has; ``None`` when there is more to say."""
        verdict = judge_offer(ticket, publish_no=offer.publish_no, redelivered=False, running_here=False, now=now)
        if verdict is not Claim.RUN or self._deps.failures.hopeless(ticket):
            return None
        claimed = self._claimed(ticket, now)
        return None if self._deps.failures.suspect(claimed) else claimed

    def _claim_as_judged(self, judged: Ticket, now: float, ticket: Ticket) -> Ticket | None:
        """``None`` when it was changed, or its deadline has passed, while it waited for room."""
        if ticket.version != judged.version or moves.overdue(ticket, now):
            return None
        return self._claimed(ticket, now)

    def _claimed(self, ticket: Ticket, now: float) -> Ticket:
        return moves.claim(ticket, worker=self._settings.worker_id, incarnation=self._incarnation, now=now)

    async def _claim(self, ticket_id: TicketId, delivery: Delivery, claim: ClaimAt, *, suspect: bool) -> Offered | None:
        """Claim it once there is room, and begin to run it if it is won."""
        await self._room.enter(suspect=suspect)
        offered: Offered | None = None
        orders: list[Order] = []
        try:
            now = await self._deps.store.now()
            self._beginning[ticket_id] = orders
            # Beside the commit.
            self._deps.model.expect()
            offered = await self._deps.store.claim_ticket(ticket_id, partial(claim, now))
        finally:
            self._beginning.pop(ticket_id, None)
            if not _is_won(offered):
                self._room.leave(suspect=suspect)
        if offered is not None and offered.asked is not None:
            run = self._begin(offered.ticket, delivery, offered.asked)
            for order in orders:
                order(run)
        return offered

    def _was_claimed(self, ticket: Ticket) -> bool:
        """Whether this process claimed it and did not hear that it had won."""
        run = self.runs.get(ticket.id)
        begun = run is not None and run.ticket.attempt == ticket.attempt
        return ticket.state is TicketState.PROCESSING and ticket.incarnation == self._incarnation and not begun

    def _begin(self, claimed: Ticket, delivery: Delivery, asked: Asked | None = None) -> Run:
        if (former := self.runs.get(claimed.id)) is not None:
            # The keeper handed it back when our lease had run out.
            former.stop(Stop.FENCED)
        self.runs[claimed.id] = run = Run(self._deps, claimed, delivery, asked)
        self._idle.clear()
        self._supervisor.spawn(f"run.{claimed.id}", self._run(run))
        if claimed.attempt == 1:
            wait_s = (claimed.started_at or claimed.created_at) - claimed.created_at
            self._deps.metrics.observe(QUEUE_WAIT, wait_s, claimed.pool)
        log.info("ticket.claimed", ticket_id=claimed.id, attempt=claimed.attempt)
        return run

    async def _run(self, run: Run) -> None:
        ticket = run.ticket
        try:
            self._deps.line.announce(ticket)
            self._changed()
            if ticket.cancel_requested:
                run.stop(Stop.CANCELLED)
            with ticket_span("ticket.answer", ticket, kind=SpanKind.CONSUMER) as run.span:
                ended = await run.answer()
                _note_end(run.span, ended)
            over = ended is not None and ended.state in moves.TERMINAL
            if ended is not None and over:
                self._ended(ended, run)
            run.over = True
            await run.delivery.ack()
            if ended is not None and ended.due_at is not None:
                self._supervisor.spawn(f"resume.{ticket.id}", self._resume(ended))
            if run.first_exchange is not None:
                self._supervisor.spawn(f"title.{ticket.id}", self._titles.name(ticket.agent_id, *run.first_exchange))
            if over and run.release_due:
                # Last, since it may fail: an unacknowledged delivery would hold a slot, a held ticket the keeper frees.
                await self._deps.line.release(ticket.owner_id)
        finally:
            if self.runs.get(ticket.id) is run:
                del self.runs[ticket.id]
            self._room.leave(suspect=self._deps.failures.suspect(ticket))
            if not self.runs:
                self._idle.set()
            self._changed()

    async def _resume(self, paused: Ticket) -> None:
        """Give it back when its pause is over; should this process be gone by then, the keeper does."""
        await asyncio.sleep((paused.due_at or 0.0) - await self._deps.store.now())
        await self._deps.line.hand_back(paused)

    def _ended(self, ended: Ticket, run: Run) -> None:
        tell_ended(self._deps, ended, run.gateways, run.final)
        started = ended.started_at or ended.created_at
        self._deps.metrics.observe(ANSWER, (ended.finished_at or started) - started, ended.pool)
        self._count(ended)
        log.info("ticket.ended", ticket_id=ended.id, attempt=ended.attempt, state=ended.state)

    def _count(self, ended: Ticket | None) -> None:
        if ended is not None:
            self._deps.metrics.add(TICKETS, ended.pool, ended.state)

    def _changed(self) -> None:
        self.changed.set()


def _is_won(offered: Offered | None) -> bool:
    return offered is not None and offered.asked is not None


async def _adopt(run: Run, delivery: Delivery) -> None:
    """Go on with this delivery.

    The former one is void if its channel is lost. If not, the ticket was published twice and both came back: left in
    hand, one of them would cost a slot for ever.
    """
    former, run.delivery = run.delivery, delivery
    await former.ack()
    if run.over:
        await delivery.ack()


def _note_end(span: Span, ended: Ticket | None) -> None:
    """What became of the attempt; ``None``: another one has the ticket."""
    span.set_attribute("tokenline.state", "fenced" if ended is None else ended.state.value)
    if ended is not None and ended.error is not None:
        failed(span, ended.error.code)
