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


class AttachmentKind(StrEnum):
    DOCUMENT = "document"
    """Has text, which is searched."""
    IMAGE = "image"
    """Has no text: indexed with 0 chunks, and looked at by models that can."""


class DocumentInfo(Shape):
    """What a document says of itself, on one line each; ``None``: nothing."""

    title: str | None = None
    author: str | None = None
    created: str | None = None
    """A date, ``2026-11-24``."""
    language: str | None = None
    """As in HTML's ``lang``: ``de``, ``pt-BR``."""


class PictureInfo(Shape):
    """In pixels, as it is shown: turned as the camera said."""

    width: int
    height: int
    thumbnail: bool
    """Whether there is a small picture of it."""
    view: bool = False
    """Whether there is one to show to models."""


class ReadingProgress(Shape):
    """Told while a long file is read, never stored. ``done`` and ``of`` count pages of the document."""

    done: int
    of: int
    share: float
    """Of all the work until it is indexed, 0 to 1."""


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
    kind: AttachmentKind = AttachmentKind.DOCUMENT
    document: DocumentInfo | None = None
    picture: PictureInfo | None = None
    warning: str | None = None
    """What was left out of a file that was read: a sentence for people."""
    progress: ReadingProgress | None = None
    url: str | None = None
    """Where it was fetched from; ``None``: it was uploaded."""
    fetch_due_at: float | None = None
    """While it is `uploading` from there: the fetch is taken for lost then, and begun anew."""


class IngestJob(Shape):
    """The body of a message in the ingest queue."""

    attachment_id: AttachmentId
    owner_id: UserId | None = None
    """So that what was written of one that is deleted meanwhile can be removed; ``None`` from before 0.6."""


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
    section: str | None = None
    """The headings it stands under, outermost first: ``Methods › Sampling``."""


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
