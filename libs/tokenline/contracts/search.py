"""What a search over conversations finds."""

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta

from tokenline.contracts.base import Shape
from tokenline.contracts.ids import AgentId, ConversationId, MessageId

Span: TypeAlias = Annotated[tuple[int, ...], Meta(min_length=2, max_length=2)]
"""Start and end. (A pair by type has no JSON Schema that all tools understand.)"""


class SearchHit(Shape):
    """A conversation by its title, or a message by its text. Text is text, never HTML."""

    conversation_id: ConversationId
    title: str
    agent_id: AgentId
    archived: bool
    message_id: MessageId | None
    """``None``: the title was found, and is the snippet."""
    role: Literal["user", "assistant"] | None
    snippet: str
    """On one line; ``…`` where more was said before or after."""
    highlights: tuple[Span, ...]
    """Start and end of each hit, in code points of ``snippet``, in order."""
    created_at: float


class SearchPage(Shape):
    """Titles first, then messages; of each the latest first."""

    items: tuple[SearchHit, ...]
    next: str | None
