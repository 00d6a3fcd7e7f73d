"""What leaves an installation and comes into another one: conversations as one JSON document, versioned.

Ids in it say only what belongs together inside the document; an import makes new ones. It names no owner.
"""

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta

from tokenline.contracts.base import Shape
from tokenline.contracts.chat import AnswerCall, FollowUp, MessageStatus
from tokenline.contracts.ids import ConversationId

VERSION = 1

Id: TypeAlias = Annotated[str, Meta(min_length=1, max_length=100)]
Name: TypeAlias = Annotated[str, Meta(max_length=200)]
Moment: TypeAlias = Annotated[float, Meta(ge=0, le=1e11)]
"""Seconds since 1970 UTC."""


class ExportedFile(Shape):
    """A file by its name; its content stays where it is."""

    id: Id
    name: Name
    mime_type: Annotated[str, Meta(max_length=100, pattern=r"^[a-z0-9.+-]+/[a-z0-9.+-]+$")]


class ExportedCitation(Shape):
    number: int
    file_id: Id
    name: Name
    page: int | None
    start: int
    end: int
    passage: str
    similarity: float
    section: str | None = None


class ExportedMessage(Shape):
    id: Id
    parent_id: Id | None
    """The message it was said after; ``null``: none. It stands earlier in the list."""
    role: Literal["user", "assistant", "system"]
    content: str
    status: MessageStatus
    created_at: Moment
    files: tuple[ExportedFile, ...] = ()
    citations: tuple[ExportedCitation, ...] = ()
    tool_calls: tuple[AnswerCall, ...] = ()
    finish_reason: Annotated[str, Meta(max_length=100)] | None = None


class ExportedConversation(Shape):
    id: Id
    title: Name
    agent_id: Name
    """Where there is no such agent the default one goes on."""
    archived: bool
    follow_up: FollowUp
    created_at: Moment
    updated_at: Moment
    leaf_id: Id | None
    """The last message of the path that was shown."""
    messages: tuple[ExportedMessage, ...]
    """All branches, parents first."""


class Export(Shape):
    """One conversation or many."""

    format: Literal["tokenline.conversations"]
    version: Literal[1]
    exported_at: Moment
    conversations: tuple[ExportedConversation, ...]


class ImportedConversation(Shape):
    conversation_id: ConversationId
    title: str
    messages: int
    known: bool
    """The very same was imported before, and is left as it is."""


class ImportReport(Shape):
    """What became of each conversation of the document, in its order."""

    items: tuple[ImportedConversation, ...]
