"""What one chat connection owes its callers and its gateway. Pure: no I/O, no clock.

Nothing is queued for a gateway that is away: what must be said after a reconnect follows from what is known (questions
that were not accepted, tickets that have not ended, wishes to stop), and all of it may be said twice.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from tokenline.client.errors import error_of
from tokenline.client.follow import Follow
from tokenline.contracts import frames as f
from tokenline.contracts.errors import BadRequest, NotFound, Retryable, TokenlineError
from tokenline.contracts.ids import TicketId

MAX_TICKETS = 200
"""Questions and tickets under way on one connection: what a gateway lets a socket follow."""
REFUSALS = 3
"""A question that is refused for a passing reason so many times is given back to the caller."""


@dataclass
class _Asked:
    """A question that no gateway has accepted yet, as far as is known here."""

    frame: f.Send
    follow: Follow
    refused: int = 0
    stop: bool = False


class Book:
    """``adopt`` is asked about tickets that nobody here asked for; it gives the `Follow` that takes them, or ``None``
    to leave them be."""

    def __init__(self, adopt: Callable[[], Follow | None] = lambda: None) -> None:
        self.unsure = False
        """A gateway could not do something just now: call `say_again` in a while."""
        self._adopt = adopt
        self._asked: dict[str, _Asked] = {}
        self._follows: dict[TicketId, list[Follow]] = {}
        self._stopping: set[TicketId] = set()
        self._out: deque[f.ClientFrame] = deque()
        self._open = False

    # ── what callers want ────────────────────────────────────────────────────────────────────────────────────────────

    def ask(self, frame: f.Send, follow: Follow) -> None:
        """Raises `BadRequest` when `MAX_TICKETS` are under way, or this very question is."""
        self._check_room()
        if frame.client_message_id in self._asked:
            raise BadRequest("This question is being sent already.", client_message_id=frame.client_message_id)
        self._asked[frame.client_message_id] = _Asked(frame, follow)
        self._say(frame)

    def resume(self, ticket_id: TicketId, follow: Follow) -> None:
        """Raises `BadRequest` when `MAX_TICKETS` are under way."""
        self._check_room()
        follow.ticket_id = ticket_id
        self._follows.setdefault(ticket_id, []).append(follow)
        self._say(self._resume(ticket_id))

    def follow_up(self, ticket_id: TicketId) -> None:
        """The gateway may not be following it on this connection: ask it to."""
        if ticket_id in self._follows:
            self._say(self._resume(ticket_id))

    def stop(self, follow: Follow) -> None:
        """The wish is kept until the ticket has ended: over reconnects, and from before it was accepted."""
        if follow.ended:
            return
        for asked in self._asked.values():
            if asked.follow is follow:
                asked.stop = True
        if follow.ticket_id is not None:
            self._stop(follow.ticket_id)

    def leave(self, follow: Follow) -> None:
        """Nobody listens to it any more. The ticket goes on."""
        self._asked = {key: asked for key, asked in self._asked.items() if asked.follow is not follow}
        if follow.ticket_id is not None:
            self._forget(follow.ticket_id, follow)

    # ── what happens to the connection ───────────────────────────────────────────────────────────────────────────────

    def opened(self, ready: f.Ready) -> None:
        """A gateway listens: say all that is not settled."""
        self._open = True
        for ticket_id in ready.live:
            if ticket_id not in self._follows:
                self._adopted(ticket_id)
        self.say_again()

    def lost(self) -> None:
        self._open = False
        self._out.clear()

    def fail(self, error: TokenlineError) -> None:
        """There will be no connection any more: everything ends with this."""
        self.lost()
        for asked in list(self._asked.values()):
            asked.follow.fail(error)
        for follows in list(self._follows.values()):
            for follow in follows:
                follow.fail(error)
        self._asked.clear()
        self._follows.clear()

    def say_again(self) -> None:
        """Harmless at any time: cursors and ids make repeats nothing."""
        self.unsure = False
        self._out.clear()
        for ticket_id in self._follows:
            self._say(self._resume(ticket_id))
        for ticket_id in self._stopping:
            self._say(f.Cancel(ticket_id=ticket_id))
        for asked in self._asked.values():
            self._say(asked.frame)

    def next_frame(self) -> f.ClientFrame | None:
        """What is to be sent next; ``None`` when all is said."""
        return self._out.popleft() if self._out else None

    # ── frames in ────────────────────────────────────────────────────────────────────────────────────────────────────

    def hear(self, frame: f.ServerFrame) -> None:
        match frame:
            case f.Ready() | f.Pong() | f.ConversationFrame() | f.AttachmentFrame() | f.Typed() | f.FeedbackFrame():
                pass
            case f.Accepted():
                self._accepted(frame)
            case f.Error(ticket_id=None):
                self._refused(frame)
            case _ if frame.ticket_id is not None:
                self._told(frame.ticket_id, frame)

    def _accepted(self, frame: f.Accepted) -> None:
        asked = self._asked.pop(frame.client_message_id or "", None)
        if asked is not None:
            self._follows.setdefault(frame.ticket_id, []).append(asked.follow)
        elif frame.ticket_id not in self._follows:
            self._adopted(frame.ticket_id)
        self._told(frame.ticket_id, frame)
        if asked is not None and asked.stop:
            self._stop(frame.ticket_id)

    def _told(self, ticket_id: TicketId, frame: f.ServerFrame) -> None:
        missing = False
        for follow in list(self._follows.get(ticket_id, ())):
            missing = follow.hear(frame) or missing
            if follow.ended:
                self._forget(ticket_id, follow)
        if missing:
            self._say(self._resume(ticket_id))

    def _refused(self, frame: f.Error) -> None:
        error = error_of(frame.error)
        asked = self._asked.get(frame.client_message_id or "")
        if asked is None:
            about = frame.refused.ticket_id if frame.refused else None
            if isinstance(error, NotFound) and about in self._follows:
                self._gone(about, error)
            else:
                self.unsure = True
            return
        asked.refused += 1
        if isinstance(error, Retryable) and asked.refused < REFUSALS:
            self.unsure = True
            return
        del self._asked[asked.frame.client_message_id]
        asked.follow.fail(error)

    def _gone(self, ticket_id: TicketId, error: NotFound) -> None:
        for follow in self._follows.pop(ticket_id):
            follow.fail(error)
        self._stopping.discard(ticket_id)

    def _say(self, frame: f.ClientFrame) -> None:
        if self._open:
            self._out.append(frame)

    def _stop(self, ticket_id: TicketId) -> None:
        self._stopping.add(ticket_id)
        self._say(f.Cancel(ticket_id=ticket_id))

    def _resume(self, ticket_id: TicketId) -> f.Resume:
        """From where the least is here: the others drop what they have."""
        attempt, offset = min(follow.cursor for follow in self._follows[ticket_id])
        return f.Resume(ticket_id=ticket_id, attempt=attempt, offset=offset)

    def _adopted(self, ticket_id: TicketId) -> None:
        follow = self._adopt()
        if follow is not None:
            follow.ticket_id = ticket_id
            self._follows[ticket_id] = [follow]

    def _forget(self, ticket_id: TicketId, follow: Follow) -> None:
        follows = self._follows.get(ticket_id, [])
        if follow in follows:
            follows.remove(follow)
        if not follows:
            self._follows.pop(ticket_id, None)
            self._stopping.discard(ticket_id)

    def _check_room(self) -> None:
        if len(self._asked) + len(self._follows) >= MAX_TICKETS:
            raise BadRequest(f"One connection can follow {MAX_TICKETS} tickets at a time. Open another one.")
