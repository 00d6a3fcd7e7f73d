"""What owners say about answers."""

from typing import Protocol

from tokenline.contracts.chat import Message
from tokenline.contracts.feedback import Feedback, RatedAnswer
from tokenline.contracts.ids import AgentId, MessageId
from tokenline.core.ports.store.paging import Page


class FeedbackPage(Page):
    items: tuple[RatedAnswer, ...]


class FeedbackStore(Protocol):
    """It stands in `Message.feedback`, and goes with its message."""

    async def rate(self, message_id: MessageId, feedback: Feedback | None, agent_id: AgentId) -> Message | None:
        """Put it in place of what there is (``None``: take that back); the message as it was before.

        ``None``: there is no such message.
        """
        ...

    async def feedback(self, *, cursor: str | None = None, limit: int = 50) -> FeedbackPage:
        """Of everybody, latest first. Raises `BadRequest` on a cursor that is not ours."""
        ...
