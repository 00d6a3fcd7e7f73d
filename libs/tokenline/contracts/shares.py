"""Links to conversations, for people who are not signed in."""

from typing import Literal

from tokenline.contracts.base import Shape
from tokenline.contracts.chat import MessageStatus
from tokenline.contracts.ids import ConversationId, MessageId, ShareId, UserId


class Share(Shape):
    """A conversation as it was: its path down to one message. Whoever has the token may read that."""

    id: ShareId
    token: str
    """192 random bits. The link is ``/s/<token>``. Kept as it is, so that its owner can be shown it again: who can read
    the store can read the conversation itself."""
    owner_id: UserId
    conversation_id: ConversationId
    message_id: MessageId
    """The last one that is shown."""
    title: str
    created_at: float


class SharePage(Shape):
    """Latest first."""

    items: tuple[Share, ...]
    next: None = None
    """All are told at once."""


class SharedFile(Shape):
    """A file by its name; there is no way to its content."""

    name: str


class SharedSource(Shape):
    """What an answer rests on, without the passage."""

    number: int
    name: str
    page: int | None
    section: str | None = None
    """The headings it stands under, in files without pages too."""


class PublicMessage(Shape):
    """What strangers see of a message. No ids, no owner, nothing of tools."""

    role: Literal["user", "assistant"]
    content: str
    status: MessageStatus
    files: tuple[SharedFile, ...]
    sources: tuple[SharedSource, ...]
    created_at: float


class PublicShare(Shape):
    """A shared conversation. Oldest first; ``next`` leads to earlier messages."""

    title: str
    agent: str
    """Its name."""
    shared_at: float
    """What was said later is not part of it."""
    items: tuple[PublicMessage, ...]
    next: str | None
