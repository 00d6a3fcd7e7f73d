"""What REST answers and calls return, where the contracts have no shape for it."""

from typing import Generic, TypeVar

import msgspec

from tokenline.contracts.attachments import AttachmentState
from tokenline.contracts.chat import Citation, Message, UnreadFile
from tokenline.contracts.errors import ErrorInfo
from tokenline.contracts.frames import Eta
from tokenline.contracts.ids import AgentId, ConversationId, MessageId, Pool, TicketId
from tokenline.contracts.tickets import HoldReason, TicketState, Usage

T = TypeVar("T")


class Page(msgspec.Struct, Generic[T], frozen=True):
    """One page of a list; ``next`` is the cursor of the next one, ``None`` at the end."""

    items: tuple[T, ...]
    next: str | None = None


class TicketView(msgspec.Struct, frozen=True):
    """A ticket as it stands. ``position`` and ``eta`` are ``None`` once it no longer waits."""

    id: TicketId
    conversation_id: ConversationId
    state: TicketState
    attempt: int
    pool: Pool
    priority: int
    position: int | None
    reason: HoldReason | None
    eta: Eta | None
    answer_id: MessageId
    answer: Message | None
    error: ErrorInfo | None


class Posted(msgspec.Struct, frozen=True):
    """A question that was accepted over REST."""

    message: Message
    ticket: TicketView


class PoolStatus(msgspec.Struct, frozen=True):
    """What the caller would meet by asking now. ``eta`` is ``None`` where there is nothing to reckon it from."""

    pool: Pool
    waiting: int
    running: int
    slots: int
    workers: int
    eta: Eta | None


class AgentInfo(msgspec.Struct, frozen=True):
    id: AgentId
    name: str
    description: str
    capabilities: tuple[str, ...]
    pool: Pool


class Answer(msgspec.Struct, frozen=True):
    """The end of a ticket. ``stopped``: somebody stopped it, and ``text`` is what there was by then."""

    text: str
    ticket_id: TicketId
    conversation_id: ConversationId
    stopped: bool = False
    citations: tuple[Citation, ...] = ()
    unread: tuple[UnreadFile, ...] = ()
    """Files of the question that could not be read."""
    usage: Usage | None = None


class UploadProgress(msgspec.Struct, frozen=True):
    """How far a file is: ``sent_bytes`` of ``total_bytes`` while it is ``uploading``, then what ingest makes of it."""

    sent_bytes: int
    total_bytes: int
    state: AttachmentState
