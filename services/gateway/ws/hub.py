"""Which sockets a user has open here, and what each of them must hear without asking."""

from typing import TYPE_CHECKING

from tokenline.contracts.events import (
    AnswerRated,
    AttachmentChanged,
    ConversationChanged,
    ConversationTyped,
    Event,
    QuestionEdited,
    TicketChanged,
)
from tokenline.contracts.frames import AttachmentFrame, ConversationFrame, FeedbackFrame, Typed
from tokenline.contracts.ids import UserId
from tokenline.core.ticket import LIVE
from tokenline.runtime.supervisor import Supervisor

if TYPE_CHECKING:
    from services.gateway.ws.session import Session


class Hub:
    def __init__(self, supervisor: Supervisor) -> None:
        self._sessions: dict[UserId, tuple[Session, ...]] = {}
        self._supervisor = supervisor
        self.sockets = 0
        """Open sockets, authenticated or not."""

    def add(self, user: UserId, session: "Session") -> None:
        self._sessions[user] = (*self._of(user), session)

    def remove(self, user: UserId, session: "Session") -> None:
        left = tuple(one for one in self._of(user) if one is not session)
        if left:
            self._sessions[user] = left
        else:
            self._sessions.pop(user, None)

    def on_event(self, event: Event) -> None:
        """Tell the owner's sockets of conversations, files, and questions asked elsewhere."""
        match event:
            # One that ended unclaimed is news, too: withdrawn elsewhere, its end may be heard of before its beginning.
            case TicketChanged(entry=entry) if entry.state in LIVE or entry.attempt == 0:
                for session in self._of(entry.owner_id):
                    if session.wants(entry):
                        self._supervisor.spawn(f"follow.{entry.ticket_id}", session.follow_new(entry.ticket_id))
            case QuestionEdited(owner_id=owner, ticket_id=ticket_id):
                for session in self._of(owner):
                    self._supervisor.spawn(f"edited.{ticket_id}", session.tell_edited(event))
            case ConversationChanged(conversation=conversation, deleted=deleted):
                frame = ConversationFrame(conversation=conversation, deleted=deleted)
                for session in self._of(conversation.owner_id):
                    session.notice(frame)
            case ConversationTyped(conversation_id=conversation_id, owner_id=owner, session=typing):
                for session in self._of(owner):
                    if session.id != typing and session.shows(conversation_id):
                        session.notice(Typed(conversation_id=conversation_id))
            case AnswerRated(conversation_id=conversation_id, owner_id=owner, message_id=message_id, feedback=said):
                rated = FeedbackFrame(conversation_id=conversation_id, message_id=message_id, feedback=said)
                for session in self._of(owner):
                    if session.shows(conversation_id):
                        session.notice(rated)
            case AttachmentChanged(attachment=attachment):
                for session in self._of(attachment.owner_id):
                    session.notice(AttachmentFrame(attachment=attachment))

    def _of(self, user: UserId) -> tuple["Session", ...]:
        return self._sessions.get(user, ())
