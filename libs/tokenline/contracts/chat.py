"""Conversations and their messages, as stored and as served."""

from enum import StrEnum
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from tokenline.contracts.base import Shape
from tokenline.contracts.feedback import Feedback
from tokenline.contracts.ids import AgentId, AttachmentId, BranchId, ConversationId, MessageId, TicketId, UserId
from tokenline.contracts.tickets import Usage
from tokenline.contracts.tools import ToolOutcome


class Citation(Shape):
    """A passage an answer rests on; ``number`` is the ``[n]`` in the answer's text."""

    number: int
    attachment_id: AttachmentId
    name: str
    page: int | None
    """Counted from 1; ``None`` for files without pages."""
    start: int
    end: int
    """Character offsets of the passage in the extracted text."""
    passage: str
    similarity: float
    section: str | None = None
    """The headings it stands under, outermost first: ``Methods › Sampling``; ``None``: there are none above it."""


class UnreadFile(Shape):
    """A file that was given but has no text to offer. ``reason`` is a sentence for people."""

    name: str
    reason: str


class FunctionCall(Shape):
    """What the model wants called. ``arguments`` is JSON as the model wrote it, unchecked."""

    id: str
    name: str
    arguments: str


class AnswerCall(FunctionCall):
    """A call that an answer made."""

    outcome: ToolOutcome | None = None
    """``None``: the one who asked is to carry it out."""


class ContextTurn(Shape):
    role: Literal["system", "user", "assistant", "tool"]
    content: str
    tool_calls: tuple[FunctionCall, ...] = ()
    """Of the assistant's turns; the results follow as turns of ``tool``."""
    tool_call_id: str | None = None
    """Of a ``tool`` turn: the call whose result it is."""
    pictures: tuple[AttachmentId, ...] = ()
    """Of the user's turns, in their order; they are among the question's attachments."""


class MessageStatus(StrEnum):
    SENT = "sent"
    """A question that was accepted."""
    COMPLETE = "complete"
    CANCELLED = "cancelled"
    """Stopped by the user: ``content`` is the text so far. Of a question: withdrawn before anybody answered it."""
    INCOMPLETE = "incomplete"
    """The answer broke off: ``content`` is the text so far and a retry is offered."""


class SharedMessage(Shape):
    """What everybody who may read a message sees of it."""

    id: MessageId
    conversation_id: ConversationId
    owner_id: UserId
    role: Literal["user", "assistant", "system"]
    content: str
    status: MessageStatus
    seq: int = 0
    """Order in the store, given at writing."""
    parent_id: MessageId | None = None
    """Of an answer: its question. Of a question: the answer it was asked after, which may be still to come, or never
    came; ``None``: it begins the conversation."""
    depth: int = 0
    """Grows along every path from the first question on, by one or more: even for questions, odd for answers."""
    ticket_id: TicketId | None = None
    client_message_id: str | None = None
    """Chosen by the client; the same one twice from one user is the same message."""
    attachment_ids: tuple[AttachmentId, ...] = ()
    citations: tuple[Citation, ...] = ()
    """Of an answer: the passages it names, all of them given to its model."""
    unread: tuple[UnreadFile, ...] = ()
    """Of an answer: files given with its question that could not be read, whatever the model says of them."""
    tool_calls: tuple[AnswerCall, ...] = ()
    """Of an answer: what it called, in order. Those with an outcome were carried out while it was written."""
    finish_reason: str | None = None
    """Of an answer: why the model ended it (``stop``, ``length``, ``tool_calls`` …); ``None``: it did not."""
    usage: Usage | None = None
    feedback: Feedback | None = None
    """Of an answer: what its owner says about it."""
    created_at: float

    @property
    def open_calls(self) -> tuple[AnswerCall, ...]:
        """Those that the one who asked is to carry out."""
        return tuple(call for call in self.tool_calls if call.outcome is None)


class Message(SharedMessage):
    """A message as stored, with what the caller of a question brought along for the model."""

    context: tuple[ContextTurn, ...] = ()
    """Turns before this question, in place of the stored history."""
    after_tools: bool = False
    """The caller's ``context`` is all there is to send: it ends in results of tools, and ``content`` is the question
    that they go back to."""
    options: dict[str, Any] = msgspec.field(default_factory=dict)
    """Of a question: fields of the model's request that the caller chose (tools, sampling), under OpenAI's names."""
    branch_id: BranchId = ""
    """The run of messages without a fork that it stands in, given with ``depth`` at writing; empty: not yet."""


def shared(message: SharedMessage) -> SharedMessage:
    """Without what was meant for the model alone: what is encoded is all that an instance has."""
    return SharedMessage(**{field: getattr(message, field) for field in SharedMessage.__struct_fields__})


def without_text(answer: SharedMessage) -> SharedMessage:
    """`shared`, for those who have its text already."""
    return replace(shared(answer), content="")


class FollowUp(StrEnum):
    """What becomes of a question asked while an earlier one of its conversation is not answered yet."""

    QUEUE = "queue"
    """It waits its turn."""
    INTERRUPT = "interrupt"
    """The earlier ones are stopped."""
    REJECT = "reject"
    """It is refused."""


class TitleSource(StrEnum):
    """Who named a conversation."""

    USER = "user"
    """Never replaced by anybody else."""
    QUESTION = "question"
    """The first question, until its answer is there."""
    EXCHANGE = "exchange"
    """The first question and its answer."""


class Conversation(Shape):
    id: ConversationId
    owner_id: UserId
    agent_id: AgentId
    title: str
    """Empty until the first question names it."""
    title_from: TitleSource = TitleSource.USER
    archived: bool = False
    follow_up: FollowUp = FollowUp.QUEUE
    leaf_id: MessageId | None = None
    """Where the current path ends: the answer to its last question, which may be still to come. The store's to set."""
    answer_seq: int = 0
    """``seq`` of its latest answer; 0: none. Beyond ``read_seq`` there is something unread."""
    read_seq: int = 0
    """How far its owner has read, on any device."""
    temporary: bool = False
    """In no list and no search, and deleted with all that belongs to it once it is left."""
    created_at: float
    updated_at: float
