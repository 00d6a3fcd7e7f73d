"""One ticket as a caller follows it: frames go in, events come out, each once and in order. Pure: no I/O.

Frames describe state, and after every reconnect a gateway describes it anew. This is where that becomes one story:
repeats are dropped, gaps are noticed, and a newer attempt is announced before its text. What the caller has not taken
yet is merged (the last place in line, one longer piece of text), so a slow caller costs no more than the answer itself.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from msgspec.structs import replace

from tokenline.client.errors import error_of
from tokenline.contracts import frames as f
from tokenline.contracts.chat import SharedMessage
from tokenline.contracts.errors import TokenlineError
from tokenline.contracts.ids import ConversationId, TicketId
from tokenline.core.stream import Appended, StreamText

Event: TypeAlias = (
    f.Accepted
    | f.Held
    | f.Queued
    | f.Position
    | f.Processing
    | f.Text
    | f.ToolCallFrame
    | f.Restarted
    | f.Snapshot
    | f.Edited
    | f.Complete
    | f.Cancelled
)
"""What a caller hears of a ticket. `Complete` and `Cancelled` are the last; an error is raised in their place."""

_WAITING = (f.Held, f.Queued, f.Position)
_OF_ATTEMPT = (f.Processing, f.ToolCallFrame, f.Restarted, f.Snapshot)


@dataclass
class _Pieces:
    """Text that was not taken yet."""

    attempt: int
    offset: int
    texts: list[str] = field(default_factory=list)


class Follow:
    """``(attempt, offset)``: what the caller has from elsewhere. ``wake`` is called when there is news; it must not
    block."""

    def __init__(self, wake: Callable[[], None], attempt: int = 0, offset: int = 0) -> None:
        self.wake = wake
        self.ticket_id: TicketId | None = None
        self.conversation_id: ConversationId | None = None
        self.ended = False
        self.error: TokenlineError | None = None
        """What it ended with, when it ended badly."""
        self.text = StreamText(attempt)
        self.text.length = offset
        self.whole = offset == 0
        """Whether ``text`` has the answer from its first character."""
        self.given = (attempt, offset)
        """How much of which attempt the caller was given."""
        self._pending: deque[Event | _Pieces] = deque()
        self._place: f.Held | f.Queued | None = None
        self._told = 0
        self._tools: set[tuple[int, str, str]] = set()
        self._asked: tuple[int, int] | None = None

    @property
    def cursor(self) -> tuple[int, int]:
        """How much of which attempt is here."""
        return self.text.attempt, self.text.length

    # ── events out ───────────────────────────────────────────────────────────────────────────────────────────────────

    def take(self) -> Event | None:
        """The next event, ``None`` when there is none yet."""
        if not self._pending:
            return None
        event = self._pending.popleft()
        if isinstance(event, _Pieces):
            text = "".join(event.texts)
            self.given = (event.attempt, event.offset + len(text))
            return f.Text(ticket_id=self.ticket_id or "", attempt=event.attempt, offset=event.offset, text=text)
        if isinstance(event, f.Restarted):
            self.given = (event.attempt, 0)
        elif isinstance(event, f.Snapshot):
            self.given = (event.attempt, len(event.text))
        return event

    def fail(self, error: TokenlineError) -> None:
        """It ends with this; events that were not taken yet still come first."""
        if not self.ended:
            self.ended, self.error = True, error
            self.wake()

    # ── frames in ────────────────────────────────────────────────────────────────────────────────────────────────────

    def hear(self, frame: f.ServerFrame) -> bool:
        """Take in a frame about this ticket. True: text before it is missing, so ask again from `cursor`."""
        if self.ended:
            return False
        missing = self._hear(frame)
        if self._pending:
            self.wake()
        return missing

    def _hear(self, frame: f.ServerFrame) -> bool:
        match frame:
            case f.Accepted():
                self._accepted(frame)
            case f.Held() | f.Queued() | f.Position():
                self._waits(frame)
            case f.Processing():
                self._processing(frame)
            case f.Text():
                return self._grows(frame)
            case f.ToolCallFrame():
                self._calls(frame)
            case f.Restarted():
                self._restarts(frame.attempt)
            case f.Snapshot():
                self._replaced(frame)
            case f.Edited():
                if self._pending and isinstance(self._pending[-1], f.Edited):
                    self._pending.pop()
                self._pending.append(frame)
            case f.Complete():
                return self._completed(frame)
            case f.Cancelled():
                self._pending.append(frame)
                self.ended = True
            case f.Error():
                self.fail(error_of(frame.error))
        return False

    def _accepted(self, frame: f.Accepted) -> None:
        if self.conversation_id is not None:
            return
        self.ticket_id, self.conversation_id = frame.ticket_id, frame.conversation_id
        self._pending.append(frame)

    def _waits(self, frame: f.Held | f.Queued | f.Position) -> None:
        place = frame if isinstance(frame, f.Held) else _queued(frame)
        before, self._place = self._place, place
        if place == before:
            return
        event: Event = place
        if isinstance(place, f.Queued) and isinstance(before, f.Queued):
            event = f.Position(ticket_id=place.ticket_id, position=place.position, eta=place.eta, note=place.note)
        if self._pending and isinstance(self._pending[-1], _WAITING):
            # Not taken yet: the caller hears of the last place only, and of queueing if it did not know.
            former = self._pending.pop()
            event = place if isinstance(former, f.Held | f.Queued) else event
        self._pending.append(event)

    def _processing(self, frame: f.Processing) -> None:
        if frame.attempt <= self._told or frame.attempt < self.text.attempt:
            return
        if frame.attempt > self.text.attempt and self.text.length:
            self._restarts(frame.attempt)
        self._told, self._place = frame.attempt, None
        if not (frame.attempt == self.text.attempt and self.text.length):
            self._pending.append(frame)

    def _grows(self, frame: f.Text) -> bool:
        if frame.attempt > self.text.attempt and self.text.length:
            self._restarts(frame.attempt)
        before = self.text.length if frame.attempt == self.text.attempt else 0
        match self.text.append(frame.attempt, frame.offset, frame.text):
            case Appended.GAP:
                return self._ask()
            case Appended.GREW:
                self._told, self._place = max(self._told, frame.attempt), None
                self._give(before)
        return False

    def _give(self, offset: int) -> None:
        last = self._pending[-1] if self._pending else None
        if not isinstance(last, _Pieces):
            last = _Pieces(self.text.attempt, offset)
            self._pending.append(last)
        last.texts.append(self.text.beyond(offset))

    def _calls(self, frame: f.ToolCallFrame) -> None:
        key = (frame.attempt, frame.call_id, frame.status)
        if frame.attempt >= self.text.attempt and key not in self._tools:
            self._tools.add(key)
            self._pending.append(frame)

    def _restarts(self, attempt: int) -> None:
        if attempt <= self.text.attempt:
            return
        self.text.restart(attempt)
        self.whole, self._place = True, None
        self._tools.clear()
        self._forget_text()
        self._pending.append(f.Restarted(ticket_id=self.ticket_id or "", attempt=attempt))

    def _replaced(self, frame: f.Snapshot) -> None:
        if frame.attempt < self.text.attempt:
            return
        self.text.restart(frame.attempt)
        self.text.append(frame.attempt, 0, frame.text)
        self.whole, self._place, self._told = True, None, max(self._told, frame.attempt)
        self._forget_text()
        self._pending.append(frame)

    def _forget_text(self) -> None:
        """What the caller has not taken of a text that no longer counts."""
        kept = [event for event in self._pending if not isinstance(event, (_Pieces, *_OF_ATTEMPT))]
        self._pending = deque(kept)

    def _completed(self, frame: f.Complete) -> bool:
        if frame.attempt < self.text.attempt:
            return False
        before = self.text.length if frame.attempt == self.text.attempt else 0
        if frame.attempt > self.text.attempt:
            if self.text.length:
                self._restarts(frame.attempt)
            self.text.restart(frame.attempt)
        if frame.message.content and self.text.append(frame.attempt, 0, frame.message.content) is Appended.GREW:
            self._give(before)
        if frame.length != self.text.length:
            if not self._ask():
                self.fail(TokenlineError("The gateway has another text than it sent."))
                return False
            return True
        self._pending.append(replace(frame, message=self._whole(frame.message)))
        self.ended = True
        return False

    def _whole(self, message: SharedMessage) -> SharedMessage:
        return replace(message, content=str(self.text) if self.whole else "")

    def _ask(self) -> bool:
        """Once for each gap: more comes from beyond it while the answer is on its way."""
        asked, self._asked = self._asked, self.cursor
        return asked != self.cursor


def _queued(frame: f.Queued | f.Position) -> f.Queued:
    return f.Queued(ticket_id=frame.ticket_id, position=frame.position, eta=frame.eta, note=frame.note)
