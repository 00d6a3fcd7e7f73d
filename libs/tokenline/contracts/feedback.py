"""What the owner of an answer says about it."""

from enum import StrEnum

from tokenline.contracts.base import Shape
from tokenline.contracts.ids import AgentId, ConversationId, MessageId, UserId

MAX_COMMENT = 2000
"""Characters."""


class Rating(StrEnum):
    UP = "up"
    DOWN = "down"


class FeedbackReason(StrEnum):
    INCORRECT = "incorrect"
    INCOMPLETE = "incomplete"
    OFF_TOPIC = "off_topic"
    """It does not do what was asked."""
    STYLE = "style"
    """Too long, too short, or in the wrong tone."""
    UNSAFE = "unsafe"


class Feedback(Shape):
    """One per answer; a later one takes the place of the earlier."""

    rating: Rating
    reasons: tuple[FeedbackReason, ...] = ()
    comment: str | None = None
    at: float


class RatedAnswer(Shape):
    """A feedback with what it is about."""

    message_id: MessageId
    conversation_id: ConversationId
    owner_id: UserId
    agent_id: AgentId
    """Which agent had answered."""
    feedback: Feedback
