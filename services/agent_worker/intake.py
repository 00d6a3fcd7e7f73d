"""Takes offers from the pool's queue: judges, claims, and starts a run for each claim."""

import asyncio

import msgspec
import structlog
from opentelemetry.trace import Span, SpanKind

from services.agent_worker.deps import Deps
from services.agent_worker.run import Run, Stop, tell_ended
from services.agent_worker.settings import WorkerSettings
from tokenline.contracts.errors import AnswerIncomplete, StoreUnavailable
from tokenline.contracts.ids import TicketId
from tokenline.contracts.metrics import ANSWER, QUEUE_WAIT, TICKETS
from tokenline.contracts.tickets import Ticket, TicketOffer
from tokenline.contracts.topology import ticket_queue
from tokenline.core import ticket as moves
from tokenline.core.ports.broker import Consumption, Delivery
from tokenline.core.ticket import Claim, judge_offer
from tokenline.runtime.supervisor import Supervisor
from tokenline.runtime.tracing import failed, ticket_span

log = structlog.get_logger()

STORE_RETRY_S = 1.0

_offers = msgspec.msgpack.Decoder(TicketOffer)


class Intake:
    """``runs`` are this process's running tickets. ``changed`` is set whenever their number changes."""

    def __init__(self, deps: Deps, settings: WorkerSettings, incarnation: str, supervisor: Supervisor) -> None:
        self.runs: dict[TicketId, Run] = {}
        self.draining = False
        self.changed = asyncio.Event()
        self._deps = deps
        self._settings = settings
        self._incarnation = incarnation
        self._supervisor = supervisor
        self._consumption: Consumption | None = None
        self._idle = asyncio.Event()
        self._idle.set()

    async def start(self) -> None:
        """Take as many tickets as there are slots: an unacknowledged delivery is a running answer."""
        self._consumption = await self._deps.broker.consume(
            ticket_queue(self._settings.pool), self._offered, prefetch=self._settings.slots
        )

    async def resume(self) -> None:
        """Take tickets again after `drain`."""
        if self._consumption is None:
            self.draining = False
            await self.start()
            self._changed()

    async def drain(self) -> None:
        """Take no more; what runs goes on."""
        self.draining = True
        if self._consumption is not None:
            await self._consumption.cancel()
            self._consumption = None
        self._changed()

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
        """Judge until a verdict stands: between reading and claiming somebody else may have claimed."""
        while True:
            try:
                ticket = await self._deps.store.get_ticket(offer.ticket_id)
                # Claimed by this process, yet not running here: the claim's result was lost on the way (F32).
                mine = ticket is not None and ticket.incarnation == self._incarnation
                running = offer.ticket_id in self.runs
                verdict = judge_offer(
                    ticket,
                    publish_no=offer.publish_no,
                    redelivered=delivery.redelivered or (mine and not running),
                    running_here=running,
                )
                if ticket is None or verdict is Claim.DROP:
                    await delivery.ack()
                    return
                if verdict is Claim.FINISHED:
                    tell_ended(self._deps, ticket, set())
                    await delivery.ack()
                    return
                if verdict is Claim.ADOPT:
                    self.runs[ticket.id].delivery = delivery
                    return
                if await self._claim(ticket, delivery):
                    return
            except StoreUnavailable:
                # The offer stays in hand, unacknowledged: nobody else could do more with it.
                await asyncio.sleep(STORE_RETRY_S)

    async def _claim(self, ticket: Ticket, delivery: Delivery) -> bool:
        now = self._deps.clock.now()
        worker = self._settings.worker_id
        claimed = moves.claim(ticket, worker=worker, incarnation=self._incarnation, now=now)
        if not await self._deps.store.replace_ticket(claimed):
            return False
        run = Run(self._deps, claimed, delivery)
        self.runs[claimed.id] = run
        self._idle.clear()
        self._supervisor.spawn(f"run.{claimed.id}", self._run(run))
        self._deps.metrics.observe(QUEUE_WAIT, now - ticket.created_at, ticket.pool)
        log.info("ticket.claimed", ticket_id=claimed.id, attempt=claimed.attempt)
        return True

    async def _run(self, run: Run) -> None:
        ticket = run.ticket
        try:
            self._supervisor.spawn(f"announce.{ticket.id}", self._deps.line.announce(ticket))
            self._changed()
            if ticket.cancel_requested:
                run.stop(Stop.CANCELLED)
            with ticket_span("ticket.answer", ticket, kind=SpanKind.CONSUMER) as run.span:
                ended = await self._answered(run)
                _note_end(run.span, ended)
            over = ended is not None and ended.state in moves.TERMINAL
            if ended is not None and over:
                self._ended(ended, run)
            await run.delivery.ack()
            if over:
                # Last, since it may fail: an unacknowledged delivery would hold a slot, a held ticket the keeper frees.
                await self._deps.line.release(ticket.owner_id)
        finally:
            del self.runs[ticket.id]
            if not self.runs:
                self._idle.set()
            self._changed()

    async def _answered(self, run: Run) -> Ticket | None:
        if run.ticket.attempt > self._settings.attempts:
            error = AnswerIncomplete("Every attempt at an answer failed.")
            return await self._deps.failures.give_up(run.ticket, error)
        return await run.answer()

    def _ended(self, ended: Ticket, run: Run) -> None:
        tell_ended(self._deps, ended, run.gateways)
        started = ended.started_at or ended.created_at
        self._deps.metrics.observe(ANSWER, (ended.finished_at or started) - started, ended.pool)
        self._deps.metrics.add(TICKETS, ended.pool, ended.state)
        log.info("ticket.ended", ticket_id=ended.id, attempt=ended.attempt, state=ended.state)

    def _changed(self) -> None:
        self.changed.set()


def _note_end(span: Span, ended: Ticket | None) -> None:
    """What became of the attempt; ``None``: another one has the ticket."""
    span.set_attribute("tokenline.state", "fenced" if ended is None else ended.state.value)
    if ended is not None and ended.error is not None:
        failed(span, ended.error.code)
