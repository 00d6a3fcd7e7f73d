"""One answer from claim to end. It belongs to this process and its lease, not to the delivery it came with."""

import asyncio
from enum import Enum

import structlog
from opentelemetry.trace import Span

from services.agent_worker.deps import Deps
from services.agent_worker.ending import citations_of, final_of
from services.agent_worker.prompt import Prompt, build_prompt
from services.agent_worker.spending import Spending
from services.agent_worker.tools.steps import Steps
from services.agent_worker.tools.toolbox import steps_of
from tokenline.contracts.chat import AnswerCall, Message, MessageStatus
from tokenline.contracts.errors import AnswerIncomplete, StoreUnavailable, TokenlineError
from tokenline.contracts.ids import ReplyKey
from tokenline.contracts.metrics import FENCED, FIRST_TOKEN, TOKENS
from tokenline.contracts.replies import CallPiece, CallPieces, Delta, Final, Snapshot, ToolCall
from tokenline.contracts.tickets import Ticket, TicketState
from tokenline.core import ticket as moves
from tokenline.core.calls import CallLog
from tokenline.core.ports.broker import Delivery
from tokenline.core.ports.model import ModelCall, ModelEnd, ModelRequest, ModelText
from tokenline.core.ports.store import Asked
from tokenline.core.stream import StreamText
from tokenline.runtime.line import same_attempt
from tokenline.runtime.tracing import NO_SPAN, failed

log = structlog.get_logger()

STORE_RETRY_S = 1.0


class Stop(Enum):
    CANCELLED = "cancelled"
    """The user stopped it: keep the text so far."""
    FENCED = "fenced"
    """A newer attempt has the ticket: write nothing."""
    DRAINED = "drained"
    """This worker goes down: hand the ticket back."""


class Run:
    """``delivery`` is the latest one of the ticket: it comes again when the broker was away."""

    def __init__(self, deps: Deps, ticket: Ticket, delivery: Delivery, asked: Asked | None = None) -> None:
        """``asked``: what it was claimed with, if that is known."""
        self._asked = asked
        self.ticket = ticket
        self.delivery = delivery
        self.span: Span = NO_SPAN
        self._deps = deps
        self._text = StreamText(ticket.attempt)
        self._calls = CallLog(ticket.attempt)
        self._steps: Steps | None = None
        self._finish_reason: str | None = None
        self.gateways = set(ticket.reply_to)
        self._stop: Stop | None = None
        self._scope = asyncio.timeout(None)
        self._spending = Spending()
        self._first_at: float | None = None
        self._began: asyncio.Task[None] | None = None
        self._since = deps.clock.monotonic()
        self.over = False
        """Its delivery is acknowledged: one that comes after that is not adopted."""
        self.ending = False
        """The model is done with it: from here on only the last write is under way."""
        self.release_due = True
        """Whether others of its owner may be held for it."""
        self.first_exchange: tuple[Message, Message] | None = None
        """Question and answer as stored, if nothing was answered before in this conversation."""
        self.final: Final | None = None
        """What the gateways end it with; ``None``: they have to read the end in the store."""

    # ── from outside ─────────────────────────────────────────────────────────────────────────────────────────────────

    def stop(self, why: Stop) -> None:
        """End early. Leaving the model's stream closes it upstream; the first reason counts."""
        if self._stop is None:
            self._stop = why
            self._interrupt()

    def attach(self, gateway: ReplyKey) -> None:
        """Send the text so far to this gateway, and all that follows."""
        self.gateways.add(gateway)
        snapshot = Snapshot(self.ticket.id, self.ticket.attempt, str(self._text), list(self._calls.pieces))
        for reply in (snapshot, *(self._steps.told if self._steps else ())):
            self._deps.publisher.send(reply, [gateway], urgent=True)

    # ── the answer ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def answer(self) -> Ticket | None:
        """Run to the end and write it down; the ticket as ended, paused or handed back, ``None`` when fenced."""
        prompt: Prompt | None = None
        error: TokenlineError | None = None
        try:
            async with self._scope:
                if self._stop is None:
                    prompt = await self._read_prompt()
                    self.span.add_event("prompt_built")
                # An interruption comes with the next wait, by which the model would have been asked.
                if self._stop is None and prompt is not None:
                    await self._stream(prompt)
        except TimeoutError:
            if self._stop is None:
                error = AnswerIncomplete()
        except TokenlineError as failure:
            error = failure
        except Exception:
            log.exception("run.failed", ticket_id=self.ticket.id, attempt=self.ticket.attempt)
            error = AnswerIncomplete("The answer failed on our side.")
        self.ending = True
        while True:
            try:
                return await self._end(prompt, error)
            except StoreUnavailable:
                # Nothing else is left to do but this write. Should it take longer than the lease, it is fenced.
                await asyncio.sleep(STORE_RETRY_S)

    def _interrupt(self) -> None:
        try:
            self._scope.reschedule(asyncio.get_running_loop().time())
        except RuntimeError:
            # Not entered yet (answer() looks at _stop before it begins), or left already.
            return

    async def _read_prompt(self) -> Prompt:
        deps, agent = self._deps, self._deps.agents.get(self.ticket.agent_id)
        return await build_prompt(deps.store, deps.search, deps.gallery, agent, self.ticket, self._asked)

    async def _stream(self, prompt: Prompt) -> None:
        agent = self._deps.agents.get(self.ticket.agent_id)
        self._steps = steps = steps_of(self._deps, agent, self.ticket, prompt, self._now, self._used)
        if steps is None:
            await self._ask(prompt.request)
            return
        async with asyncio.timeout(self._deps.answer_s):
            await self._ask(steps.request())
            while await steps.carry_out():
                await self._ask(steps.request())
        if not steps.handed_on:
            if steps.taken > 1 and not str(self._text).strip():
                raise AnswerIncomplete("The model called tools, and said nothing.")
            # It may want to go on calling; but nobody is to carry that out.
            self._finish_reason = "stop" if self._finish_reason == "tool_calls" else self._finish_reason

    async def _ask(self, request: ModelRequest) -> None:
        self._spending.begin()
        async with self._deps.model.stream(request, self._grow) as events:
            async for event in events:
                match event:
                    case ModelText():
                        self._grow(event)
                    case ModelCall():
                        self._call(event)
                    case ModelEnd(finish_reason=reason, usage=usage):
                        self._finish_reason = reason
                        self._spending.end(usage)

    def _used(self, step: ToolCall) -> None:
        self._deps.publisher.send(step, self.gateways, urgent=True)

    def _grow(self, piece: ModelText) -> None:
        offset, first = self._text.length, self._text.length == 0
        self._spending.count(piece.tokens)
        text = piece.text if self._steps is None else self._steps.say(piece.text)
        self._text.append(self.ticket.attempt, offset, text)
        delta = Delta(self.ticket.id, self.ticket.attempt, offset, text)
        self._deps.publisher.send(delta, self.gateways, urgent=first)
        if first:
            self._first()

    def _call(self, part: ModelCall) -> None:
        """Unless it is ours, the one who asked carries it out: passed on as it comes, and the answer's end is the
        ticket's."""
        self._spending.count(1)
        passed_on = part if self._steps is None else self._steps.take(part)
        if passed_on is not None:
            self._pass_on(passed_on)

    def _pass_on(self, part: ModelCall) -> None:
        offset = len(self._calls.pieces)
        # Ids are the answer's own where the endpoint gives none.
        call_id = part.id or f"call_{self.ticket.answer_id}_{part.index}"
        piece = CallPiece(part.index, call_id, part.name, part.arguments)
        self._calls.append(self.ticket.attempt, offset, [piece])
        pieces = CallPieces(self.ticket.id, self.ticket.attempt, offset, [piece])
        self._deps.publisher.send(pieces, self.gateways, urgent=offset == 0)
        self._first()

    def _first(self) -> None:
        """The first that the model said is out."""
        if self._first_at is not None:
            return
        self._first_at = self._now()
        self.span.add_event("first_token")
        waited_s = self._first_at - (self.ticket.started_at or self._first_at)
        self._deps.metrics.observe(FIRST_TOKEN, waited_s, self.ticket.pool)
        # Beside the stream: the next tokens do not wait for the store.
        self._began = asyncio.create_task(self._begin(self._first_at), name=f"begin.{self.ticket.id}")

    async def _begin(self, now: float) -> None:
        """Write STREAMING down. Nobody waits for it: that an answer has begun its text tells."""
        streaming = await self._deps.line.amended_by(
            self.ticket.id,
            lambda now_stored: (
                moves.begin_streaming(now_stored, now=now) if same_attempt(now_stored, self.ticket) else None
            ),
            known=self.ticket,
            patient=True,
        )
        if streaming is None:
            self.stop(Stop.FENCED)
        else:
            self.ticket = streaming.ticket

    # ── the end ──────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _end(self, prompt: Prompt | None, error: TokenlineError | None) -> Ticket | None:
        if self._began is not None:
            began, self._began = self._began, None
            await self._settle(began, over=error is None and self._stop is not Stop.DRAINED)
        ended = None if self._stop is Stop.FENCED else await self._written(prompt, error)
        if ended is None:
            self._deps.metrics.add(FENCED)
        return ended

    async def _settle(self, began: asyncio.Task[None], *, over: bool) -> None:
        """``over``: the write of the end tells of the beginning as well, if nobody has written it yet."""
        if over:
            began.cancel()
            await asyncio.gather(began, return_exceptions=True)
        else:
            await began

    async def _written(self, prompt: Prompt | None, error: TokenlineError | None) -> Ticket | None:
        if (self._stop is Stop.DRAINED or error is not None) and await self._is_unwanted():
            self._stop = Stop.CANCELLED
        if self._stop is Stop.DRAINED:
            return await self._deps.line.hand_back(self.ticket)
        if error is not None and self._stop is None:
            failed(self.span, error.code)
            return await self._deps.failures.handle(self.ticket, error, await self._message(prompt, error))
        if self._stop is Stop.CANCELLED:
            return await self._write(await self._message(prompt, None), TicketState.CANCELLED)
        answer = await self._message(prompt, None)
        ended = await self._write(answer, TicketState.COMPLETE)
        if ended is not None and answer is not None and prompt is not None and _is_first(prompt):
            self.first_exchange = prompt.question, answer
        return ended

    async def _is_unwanted(self) -> bool:
        """Whether its owner has stopped it and the command has not come: the text so far is kept, and none follows."""
        current = await self._deps.store.get_ticket(self.ticket.id)
        return current is not None and current.cancel_requested

    async def _write(self, answer: Message | None, state: TicketState) -> Ticket | None:
        usage = self._spending.so_far
        now = self._now()

        def finish(current: Ticket) -> Ticket | None:
            if not same_attempt(current, self.ticket):
                return None
            begun = moves.begun(current, at=self._first_at)
            if state is TicketState.CANCELLED:
                return moves.cancel(begun, now=now, usage=usage)
            return moves.complete(begun, usage=usage, now=now)

        amended = await self._deps.line.amended_by(
            self.ticket.id, finish, known=self.ticket, messages=[answer] if answer else []
        )
        ended = await self._written_before(state) if amended is None else amended.ticket
        self.release_due = amended is None or amended.written.release_due
        if ended is not None:
            self._deps.metrics.add(TOKENS, ended.pool, "out", by=usage.completion_tokens)
            self._deps.metrics.add(TOKENS, ended.pool, "in", by=usage.prompt_tokens)
            written = None if amended is None or answer is None else amended.written
            self.final = await final_of(self._deps.store, ended, answer, written)
        return ended

    async def _written_before(self, state: TicketState) -> Ticket | None:
        """The end as an earlier try wrote it without hearing of it (F32): nobody else ends a running attempt so."""
        ended = await self._deps.store.get_ticket(self.ticket.id)
        mine = (self.ticket.attempt, self.ticket.incarnation, state)
        if ended is None or (ended.attempt, ended.incarnation, ended.state) != mine:
            return None
        self._deps.line.announce(ended)
        return ended

    async def _message(self, prompt: Prompt | None, error: TokenlineError | None) -> Message | None:
        """The answer as it will stand in the conversation; ``None`` when there is nothing to keep."""
        text = str(self._text)
        # Half a call is of no use to anybody.
        to_make = self._calls.calls() if error is None and self._stop is None else ()
        made = self._steps.calls if self._steps else ()
        given = self._steps.sources.all if self._steps else prompt.passages if prompt else ()
        if not text and (error is not None or self._stop is Stop.CANCELLED):
            return None
        if error is not None:
            status = MessageStatus.INCOMPLETE
        else:
            status = MessageStatus.CANCELLED if self._stop is Stop.CANCELLED else MessageStatus.COMPLETE
        return Message(
            id=self.ticket.answer_id,
            conversation_id=self.ticket.conversation_id,
            owner_id=self.ticket.owner_id,
            role="assistant",
            content=text,
            status=status,
            parent_id=self.ticket.question_id,
            ticket_id=self.ticket.id,
            citations=await citations_of(self._deps.store, self.ticket, text, given),
            unread=prompt.unread if prompt else (),
            tool_calls=(*made, *(AnswerCall(id=call.id, name=call.name, arguments=call.arguments) for call in to_make)),
            finish_reason=self._finish_reason if error is None and self._stop is None else None,
            usage=self._spending.so_far,
            created_at=self._now(),
        )

    def _now(self) -> float:
        """On the store's clock, which ``started_at`` is of."""
        return (self.ticket.started_at or 0.0) + self._deps.clock.monotonic() - self._since


def _is_first(prompt: Prompt) -> bool:
    return all(turn.role != "assistant" for turn in prompt.request.turns)
