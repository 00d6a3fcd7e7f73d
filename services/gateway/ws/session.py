"""One authenticated socket: frames in become actions, news of followed tickets becomes frames out."""

import asyncio
from collections.abc import Callable

from services.gateway.accept import Question
from services.gateway.deps import Deps
from services.gateway.live import Cursor, Follower
from services.gateway.presence import TYPING_EVERY_S, mark_read, tell_typing
from services.gateway.ws.outbox import Outbox, TooSlow
from tokenline.contracts import frames as f
from tokenline.contracts.accounts import Scope
from tokenline.contracts.chat import Conversation, Message, shared
from tokenline.contracts.errors import BadRequest, TokenlineError
from tokenline.contracts.events import LineEntry, QuestionEdited
from tokenline.contracts.ids import ConversationId, TicketId
from tokenline.contracts.tickets import Ticket
from tokenline.core.access import owned_by
from tokenline.core.clock import new_id
from tokenline.runtime.auth.principal import Principal
from tokenline.runtime.auth.scopes import demand

LOOKING = (f.Resume, f.Follow, f.Ping)
"""Frames that change nothing: a key that may only look may send these."""
MAX_FOLLOWED = 200
"""Tickets one socket may follow at a time."""
FIRST_WORD_S = 1.0
"""What a client gets to say how much it has of a ticket that runs already, before it is sent from its beginning."""


class Session:
    """``only`` limits the socket to one conversation. ``end`` ends the socket, for the reason it is given."""

    __slots__ = (
        "_deps",
        "_ended",
        "_followers",
        "_held",
        "_listed",
        "_only",
        "_outbox",
        "_over",
        "_since",
        "_typed_at",
        "end",
        "id",
        "principal",
    )

    def __init__(
        self,
        deps: Deps,
        principal: Principal,
        outbox: Outbox,
        only: ConversationId | None,
        end: Callable[[Exception], None],
    ) -> None:
        self.principal = principal
        self.id = new_id(deps.clock.now())
        self.end = end
        self._deps = deps
        self._outbox = outbox
        self._only = only
        self._followers: dict[TicketId, Follower] = {}
        # The latest `MAX_FOLLOWED`: an event that comes late must not begin an ended ticket anew.
        self._ended: dict[TicketId, None] = {}
        self._listed: frozenset[TicketId] = frozenset()
        self._over = False
        self._since = deps.clock.monotonic()
        self._typed_at: float | None = None
        self._held: ConversationId | None = None

    def start(self, heartbeat_s: float) -> None:
        """List what is live. The client resumes it, since it alone knows how much of it it has."""
        mine = self._deps.feed.ledger.of_owner(self.principal.user_id)
        live = tuple(entry.ticket_id for entry in mine if self._concerns(entry))
        self._listed |= frozenset(live)
        self.notice(f.Ready(user_id=self.principal.user_id, heartbeat_s=heartbeat_s, live=live))

    def stop(self) -> None:
        self._over = True
        for follower in self._followers.values():
            self._deps.streams.leave(follower)
        self._followers.clear()
        if self._held is not None:
            self._deps.supervisor.spawn(f"temporary.{self._held}", self._deps.temporary.let_go(self._held))

    async def keep(self, conversation: Conversation) -> None:
        """The conversation that the client has before it: a temporary one stays as long."""
        former, self._held = self._held, conversation.id if conversation.temporary else None
        if former == self._held:
            return
        if former is not None:
            await self._deps.temporary.let_go(former)
        if self._held is not None:
            await self._deps.temporary.hold(self._held)

    def go_on_as(self, principal: Principal) -> None:
        self.principal = principal

    def notice(self, frame: f.ServerFrame) -> None:
        try:
            self._outbox.notice(frame)
        except TooSlow as error:
            self.end(error)

    def ended(self, follower: Follower) -> None:
        if self._followers.get(follower.ticket_id) is follower:
            del self._followers[follower.ticket_id]
        self._deps.streams.leave(follower)
        self._ended[follower.ticket_id] = None
        if len(self._ended) > MAX_FOLLOWED:
            del self._ended[next(iter(self._ended))]

    # ── frames in ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def take(self, frame: f.ClientFrame) -> None:
        """Do what a frame asks; what cannot be done is answered with an `Error` frame."""
        try:
            if not isinstance(frame, LOOKING):
                demand(self.principal, Scope.CHAT)
            match frame:
                case f.Send():
                    # To its end, should the socket end first: what is stored is to be published, too.
                    await self._deps.supervisor.to_the_end("send", self._send(frame))
                case f.Cancel(ticket_id=ticket_id):
                    await self._deps.tickets.stop(self.principal, ticket_id)
                case f.Edit(ticket_id=ticket_id, content=content):
                    await self._deps.tickets.edit(self.principal, ticket_id, content)
                case f.Resume(ticket_id=ticket_id, attempt=attempt, offset=offset):
                    await self._follow(ticket_id, Cursor(attempt=max(attempt, 0), offset=max(offset, 0)))
                case f.Follow(conversation_id=conversation_id):
                    await self._follow_conversation(conversation_id)
                case f.Read(conversation_id=conversation_id, seq=seq):
                    self._check_mine(conversation_id)
                    await mark_read(self._deps, self.principal, conversation_id, seq)
                case f.Typing(conversation_id=conversation_id):
                    self._check_mine(conversation_id)
                    await self._typing(conversation_id)
                case f.Ping(id=number):
                    self.notice(f.Pong(id=number))
        except TokenlineError as error:
            sent = frame.client_message_id if isinstance(frame, f.Send) else None
            self.notice(f.Error(error=error.info(), client_message_id=sent, refused=_refused(frame)))

    async def tell_edited(self, edited: QuestionEdited) -> None:
        question = await self._deps.store.get_message(edited.question_id)
        if question is not None and self._only in (None, question.conversation_id):
            self.notice(f.Edited(ticket_id=edited.ticket_id, message=shared(question)))

    def shows(self, conversation_id: ConversationId) -> bool:
        return self._only in (None, conversation_id)

    def _check_mine(self, conversation_id: ConversationId) -> None:
        if not self.shows(conversation_id):
            raise BadRequest("This socket belongs to another conversation.")

    async def _typing(self, conversation_id: ConversationId) -> None:
        now = self._deps.clock.monotonic()
        if self._typed_at is not None and now - self._typed_at < TYPING_EVERY_S:
            return
        self._typed_at = now
        await tell_typing(self._deps, self.principal, conversation_id, self.id)

    async def _send(self, frame: f.Send) -> None:
        if frame.conversation_id is not None:
            self._check_mine(frame.conversation_id)
        question = Question(
            content=frame.content,
            conversation_id=self._only or frame.conversation_id,
            client_message_id=frame.client_message_id or new_id(self._deps.clock.now()),
            agent_id=frame.agent_id,
            attachment_ids=frame.attachment_ids,
            parent_id=frame.parent_id,
            instead_of=frame.instead_of,
        )
        accepted = await self._deps.acceptance.ask(self.principal, question)
        self._tell_accepted(accepted.question, accepted.ticket)
        # One that is followed goes on where it is. Too many: followed when it moves and there is room.
        if accepted.ticket.id not in self._followers and len(self._followers) < MAX_FOLLOWED:
            await self._join(accepted.ticket, Cursor())

    def _tell_accepted(self, question: Message, ticket: Ticket) -> None:
        self.notice(
            f.Accepted(
                ticket_id=ticket.id,
                conversation_id=question.conversation_id,
                client_message_id=question.client_message_id,
                message=shared(question),
                answer_id=ticket.answer_id,
            )
        )

    async def _follow(self, ticket_id: TicketId, cursor: Cursor) -> None:
        await self._join(await self._deps.tickets.get(self.principal, ticket_id), cursor)

    async def _follow_conversation(self, conversation_id: ConversationId) -> None:
        await self.keep(owned_by(self.principal.user_id, await self._deps.store.get_conversation(conversation_id)))
        for entry in self._deps.feed.ledger.of_conversation(self.principal.user_id, conversation_id):
            if entry.ticket_id not in self._followers:
                await self._follow(entry.ticket_id, Cursor())

    async def _join(self, ticket: Ticket, cursor: Cursor) -> None:
        """Follow from this cursor, also when the ticket is followed already: the client knows best what it has."""
        if self._over:
            return
        if (former := self._followers.pop(ticket.id, None)) is not None:
            self._deps.streams.leave(former)
        if len(self._followers) >= MAX_FOLLOWED:
            raise BadRequest(f"One socket can follow {MAX_FOLLOWED} tickets at a time.")
        follower = Follower(ticket.id, self._outbox.wake, cursor)
        self._followers[ticket.id] = follower
        await self._deps.streams.join(ticket, follower)

    # ── what happened elsewhere ──────────────────────────────────────────────────────────────────────────────────────

    def wants(self, entry: LineEntry) -> bool:
        """A live ticket of this user that the socket does not follow yet: asked from another tab or device."""
        return self._is_news(entry.ticket_id) and self._concerns(entry)

    async def follow_new(self, ticket_id: TicketId) -> None:
        if not self._is_news(ticket_id):
            # It was asked here: by now it is followed.
            return
        ticket = await self._deps.store.get_ticket(ticket_id)
        if ticket is not None and ticket.attempt > 0:
            # A gateway may hear of a ticket later than its client, who has come from another one.
            await asyncio.sleep(self._since + FIRST_WORD_S - self._deps.clock.monotonic())
        if ticket is None or not self._is_news(ticket_id) or len(self._followers) >= MAX_FOLLOWED:
            return
        question = await self._deps.store.get_message(ticket.question_id)
        if question is not None and self._is_news(ticket_id):
            self._tell_accepted(question, ticket)
            await self._join(ticket, Cursor())

    def _is_news(self, ticket_id: TicketId) -> bool:
        return not any(ticket_id in known for known in (self._followers, self._ended, self._listed))

    def _concerns(self, entry: LineEntry) -> bool:
        return self.shows(entry.conversation_id)


def _refused(frame: f.ClientFrame) -> f.Refused:
    return f.Refused(
        type=str(frame.__struct_config__.tag),
        ticket_id=getattr(frame, "ticket_id", None),
        conversation_id=getattr(frame, "conversation_id", None),
    )
