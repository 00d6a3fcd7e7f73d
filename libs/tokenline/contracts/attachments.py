"""Files given with a question, and what ingest makes of them."""

from enum import StrEnum

from tokenline.contracts.base import Shape
from tokenline.contracts.errors import ErrorInfo
from tokenline.contracts.ids import AttachmentId, ConversationId, UserId


class AttachmentState(StrEnum):
    UPLOADING = "uploading"
    QUEUED = "queued"
    EXTRACTING = "extracting"
    EMBEDDING = "embedding"
    INDEXED = "indexed"
    FAILED = "failed"


READ = frozenset({AttachmentState.INDEXED, AttachmentState.FAILED})
"""A question need not wait for such a file: it was read, or never will be."""


class Attachment(Shape):
    id: AttachmentId
    owner_id: UserId
    conversation_id: ConversationId | None
    """``None`` until the first message that names it is sent."""
    name: str
    size_bytes: int
    mime_type: str
    """By content, not by name."""
    state: AttachmentState
    error: ErrorInfo | None = None
    pages: int | None = None
    chunks: int | None = None
    created_at: float
    version: int = 0


class IngestJob(Shape):
    """The body of a message in the ingest queue."""

    attachment_id: AttachmentId


class Passage(Shape):
    """One search hit, or part of a file's opening."""

    attachment_id: AttachmentId
    name: str
    page: int | None
    start: int
    end: int
    content: str
    similarity: float
    """Fused score scaled to 0..1, comparable only within one answer; 0: similar to nothing that was asked."""


class SearchRequest(Shape):
    """What the gateway and the workers ask of ingest's ``POST /search``."""

    owner_id: UserId
    conversation_id: ConversationId
    query: str
    top_k: int = 5
    opening: bool = False
    """When nothing is found: answer with the files' opening passages, whose similarity is 0."""


class SearchAnswer(Shape):
    items: tuple[Passage, ...]
