"""Uploads that may be broken off and gone on with (tus 1.0)."""

from tokenline.contracts.base import Shape
from tokenline.contracts.ids import AttachmentId, ConversationId, UserId


class Upload(Shape):
    """One that is not finished. What it becomes has the same id."""

    id: AttachmentId
    owner_id: UserId
    conversation_id: ConversationId | None
    name: str
    size_bytes: int
    metadata: str
    """As the client gave it; it is told it again."""
    created_at: float
    expires_at: float
    """Then it is removed, unless more of it comes before."""
    offset_bytes: int = 0
    """How much of it the file store has."""
    pieces: tuple[str, ...] = ()
    """Their names in the file store, in order. All but the last are equally long."""
    mime_type: str | None = None
    """``None`` until enough is there to judge it by."""
    version: int = 0
