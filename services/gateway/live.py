"""A ticket as its followers see it, and what a follower has not seen yet. Pure: no I/O.

Everything about a ticket is state. What a client must be told is the difference between that state and the client's
cursor, so resuming, slow clients and second tabs are one operation, and a slow client costs a cursor, not a backlog.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as replace_field

from msgspec.structs import replace

from tokenline.contracts import frames as f
from tokenline.contracts.base import to_json
from tokenline.contracts.chat import Message, SharedMessage, without_text
from tokenline.contracts.errors import ErrorInfo
from tokenline.contracts.events import LineEntry
from tokenline.contracts.ids import TicketId
from tokenline.contracts.replies import CallPiece, Final
from tokenline.contracts.tickets import Ticket, TicketState
from tokenline.core.calls import CallLog
from tokenline.core.stream import Appended, StreamText
from tokenline.core.ticket import RUNNING, TERMINAL, WAITING

FRAME_CHARACTERS = 64 * 1024
"""Of text in one frame at most: a socket never holds the whole of a long answer, and clients bound what they take."""
LOOKS = 2
"""Whoever is ahead of the text at so many looks in a row is not merely early."""


@dataclass(frozen=True)
class Place:
    """Where a waiting ticket stands. ``note`` says what a number cannot."""

    position: int
    eta: f.Eta | None = None
    note: str | None = None


@dataclass
class Cursor:
    """How much a client has: of the text by ``(attempt, offset)``, of the rest by what was last sent."""

    attempt: int = 0
    offset: int = 0
    state: TicketState | None = None
    reason: str | None = None
    place: Place | None = None
    told: int = 0
    """The attempt that PROCESSING was said for."""
    tools: int = 0
    ahead: int = 0
    """Looks in a row at which it was ahead of the text."""
    calls: tuple[int, int] = (0, 0)
    """Of the calls that the one who asked is to carry out: the attempt and how many pieces. Only some follow these."""
    done: bool = False


@dataclass(frozen=True)
class End:
    """How a ticket ended."""

    state: TicketState
    attempt: int
    error: ErrorInfo | None
    answer: SharedMessage | None
    """As stored; ``None``: it left none."""


@dataclass(eq=False)
class Follower:
    """Somebody who follows one ticket. ``wake`` is called when there may be something to send; it must not block."""

    ticket_id: TicketId
    wake: Callable[["Follower"], None]
    cursor: Cursor = field(default_factory=Cursor)


class LiveTicket:
    """Kept while somebody here follows the ticket, or this gateway is still sent its text."""

    def __init__(self, entry: LineEntry) -> None:
        self.entry = entry
        self.text = StreamText()
        self.calls = CallLog()
        self.tools: list[f.ToolCallFrame] = []
        self.place: Place | None = None
        self.placed = entry
        """What the line knew of it when ``place`` was set."""
        self.above = 0
        """Waiting tickets of higher priority at that time."""
        self.pushed_at = 0.0
        self.followers: set[Follower] = set()
        self.asked_at: float | None = None
        """When a worker was asked for the whole text, as long as that has not come; monotonic."""
        self.heard_at = 0.0
        """When something was last heard of it; monotonic."""
        self.ending = False
        """Its end is being looked for in the store."""
        self.end_again = False
        """It was told meanwhile that there is one."""
        self._end: End | None = None
        """Its answer without the text, which is `text`."""
        self._encoded: tuple[int, int, int, bytes] | None = None

    @property
    def ended(self) -> bool:
        return self._end is not None

    @property
    def attempt(self) -> int:
        """Replies may overtake the event of their claim."""
        return max(self.entry.attempt, self.text.attempt)

    @property
    def running(self) -> bool:
        return self.entry.state in RUNNING or self.text.attempt > self.entry.attempt

    @property
    def final(self) -> End | None:
        """With the whole answer; ``None``: it has not ended."""
        end = self._end
        if end is None or end.answer is None:
            return end
        return replace_field(end, answer=replace(end.answer, content=str(self.text)))

    def wake(self) -> None:
        # Some leave as soon as they are woken.
        for follower in tuple(self.followers):
            follower.wake(follower)

    def look_for_lost(self) -> None:
        """Find followers that claim more text than there is. For a moment that may be so: they come from a gateway
        that was told earlier. Who is still ahead at the second look is told so by a snapshot (F41)."""
        for follower in tuple(self.followers):
            cursor = follower.cursor
            cursor.ahead = cursor.ahead + 1 if self._is_ahead(cursor) else 0
            if cursor.ahead == LOOKS:
                follower.wake(follower)

    def grow(self, attempt: int, offset: int, text: str) -> bool:
        """Take in text; False when something before it is missing."""
        if attempt > self.text.attempt:
            self.tools.clear()
        return self.text.append(attempt, offset, text) is not Appended.GAP

    def call(self, attempt: int, offset: int, pieces: Sequence[CallPiece]) -> bool:
        """Take in pieces of calls; False when some before them are missing."""
        self.grow(attempt, 0, "")
        return self.calls.append(attempt, offset, pieces) is not Appended.GAP

    def use(self, index: int, step: f.ToolCallFrame) -> bool:
        """Take in a step of a tool, number ``index`` of its attempt; False when some before it are missing."""
        self.grow(step.attempt, 0, "")
        if step.attempt < self.text.attempt:
            return True
        if index == len(self.tools):
            self.tools.append(step)
        return index <= len(self.tools)

    def end(self, ticket: Ticket, answer: Message | None) -> None:
        """What the store says is final: the text becomes the stored answer's."""
        if ticket.attempt > self.text.attempt:
            self.text.restart(ticket.attempt)
        if answer is not None and str(self.text) != answer.content:
            if not answer.content.startswith(str(self.text)):
                self.text.restart(ticket.attempt)
            self.text.append(ticket.attempt, 0, answer.content)
        self._close(End(ticket.state, ticket.attempt, ticket.error, without_text(answer) if answer else None))

    def finish(self, final: Final) -> bool:
        """End as the worker says that the store has it. False, and nothing is done: what is here is not all of that
        attempt's text, or something later was heard of, and the store is to be asked."""
        if final.attempt < self.attempt or final.version < self.entry.version:
            return False
        if (self.text.attempt, self.text.length) != (final.attempt, final.length):
            if final.length or self.text.attempt >= final.attempt:
                return False
            self.text.restart(final.attempt)
        self._close(End(final.state, final.attempt, None, final.answer))
        return True

    def _close(self, end: End) -> None:
        self._end = end
        self.calls.end(end.attempt, end.answer.open_calls if end.answer is not None else ())

    # ── what a follower has not seen ─────────────────────────────────────────────────────────────────────────────────

    def fresh(self, cursor: Cursor) -> bytes | None:
        """The text that came since, as a frame (JSON), when nothing but that is due, as with nearly every token;
        ``None``: `beyond` knows. Unlike there, whoever sends it moves the cursor to the text's end."""
        text, entry = self.text, self.entry
        attempt, length = text.attempt, text.length
        if (
            cursor.attempt == cursor.told == entry.attempt == attempt
            and cursor.offset < length <= cursor.offset + FRAME_CHARACTERS
            and (entry.state is TicketState.STREAMING or entry.state is TicketState.PROCESSING)
            and cursor.tools == len(self.tools)
            and self._end is None
        ):
            return self._encode(cursor.offset, length)
        return None

    def beyond(self, cursor: Cursor) -> Iterator[f.ServerFrame | str]:
        """Frames that bring the follower up to date; text frames come encoded (JSON).

        The cursor is past a frame when the frame is handed out, so between two frames it says what was sent.
        """
        if cursor.done:
            return
        if self._end is not None:
            if cursor.state in WAITING and (self.text.length or self.tools):
                # It went so fast that nothing else was told.
                yield from self._begun(cursor)
            yield from self._steps(cursor)
            yield from self._text(cursor)
            cursor.done = True
            yield self._terminal(self._end)
        elif self.entry.state in TERMINAL:
            # Its end is being read from the store.
            yield from self._steps(cursor)
            yield from self._text(cursor)
        elif self.running:
            yield from self._begun(cursor)
            yield from self._steps(cursor)
            yield from self._text(cursor)
        else:
            yield from self._waiting(cursor)

    def calls_beyond(self, cursor: Cursor) -> Iterator[CallPiece | f.Restarted]:
        """Pieces of calls that the follower has not had, for those who carry them out; due before the last frame."""
        log = self.calls
        attempt, had = cursor.calls
        if log.attempt < self.attempt and not self.ended:
            return
        if attempt < log.attempt:
            if had:
                yield f.Restarted(ticket_id=self.entry.ticket_id, attempt=log.attempt)
            had = 0
        cursor.calls = log.attempt, max(had, len(log.pieces))
        yield from log.pieces[had:]

    def _waiting(self, cursor: Cursor) -> Iterator[f.ServerFrame]:
        place = self.place or Place(0)
        state, reason = self.entry.state, self.entry.hold_reason
        news = cursor.state is not state or cursor.reason != reason
        if not news and cursor.place == place:
            return
        cursor.state, cursor.reason, cursor.place = state, reason, place
        if state is TicketState.HELD:
            yield f.Held(ticket_id=self.entry.ticket_id, reason=reason or "", position=place.position)
        else:
            kind = f.Queued if news else f.Position
            yield kind(ticket_id=self.entry.ticket_id, position=place.position, eta=place.eta, note=place.note)

    def _restart(self, cursor: Cursor) -> Iterator[f.ServerFrame]:
        if 0 < max(cursor.attempt, cursor.told) < self.attempt:
            cursor.attempt, cursor.offset, cursor.tools = self.attempt, 0, 0
            yield f.Restarted(ticket_id=self.entry.ticket_id, attempt=self.attempt)

    def _begun(self, cursor: Cursor) -> Iterator[f.ServerFrame]:
        if cursor.told != self.attempt:
            yield from self._restart(cursor)
            cursor.told, cursor.state = self.attempt, TicketState.PROCESSING
            yield f.Processing(ticket_id=self.entry.ticket_id, attempt=self.attempt)

    def _steps(self, cursor: Cursor) -> Iterator[f.ServerFrame]:
        """Of tools. Those of an attempt that is over are nobody's business any more."""
        if self.tools and self.tools[0].attempt == self.attempt:
            yield from self._restart(cursor)
            while cursor.tools < len(self.tools):
                cursor.tools += 1
                yield self.tools[cursor.tools - 1]

    def _text(self, cursor: Cursor) -> Iterator[f.ServerFrame | str]:
        text = self.text
        if text.attempt < self.attempt and not self.ended:
            # Of an attempt that is over: the next one's would be mixed with it, since who has no text is not restarted.
            return
        if self._is_ahead(cursor):
            if self.ended or cursor.ahead >= LOOKS:
                begin = text.beyond(0, FRAME_CHARACTERS)
                cursor.attempt, cursor.offset, cursor.ahead = text.attempt, len(begin), 0
                yield f.Snapshot(ticket_id=self.entry.ticket_id, attempt=text.attempt, text=begin, recovered=False)
            else:
                return
        if cursor.attempt < text.attempt:
            yield from self._restart(cursor)
            cursor.attempt, cursor.offset = text.attempt, 0
        while cursor.attempt == text.attempt and cursor.offset < text.length:
            start, cursor.offset = cursor.offset, min(text.length, cursor.offset + FRAME_CHARACTERS)
            yield self._encode(start, cursor.offset).decode()

    def _is_ahead(self, cursor: Cursor) -> bool:
        return (cursor.attempt, cursor.offset) > (self.text.attempt, self.text.length)

    def _encode(self, offset: int, end: int) -> bytes:
        """One encoding serves all followers at the same place, which is nearly all of them."""
        text = self.text
        if self._encoded is None or self._encoded[:3] != (text.attempt, offset, end):
            piece = text.beyond(offset, end - offset)
            frame = f.Text(ticket_id=self.entry.ticket_id, attempt=text.attempt, offset=offset, text=piece)
            self._encoded = (text.attempt, offset, end, to_json(frame))
        return self._encoded[3]

    def _terminal(self, end: End) -> f.ServerFrame:
        ticket_id, answer = self.entry.ticket_id, end.answer
        if end.state is TicketState.CANCELLED:
            return f.Cancelled(ticket_id=ticket_id, message_id=answer.id if answer else None)
        if end.error is not None:
            return f.Error(ticket_id=ticket_id, error=end.error, retry=True)
        if answer is None:
            raise ValueError(f"ticket {ticket_id} is complete but its answer is missing")
        return f.Complete(ticket_id=ticket_id, attempt=end.attempt, length=self.text.length, message=answer)
