"""What happened, told to every gateway and to the dashboard: exchange ``tokenline.events``, names in the past tense.

A message carries the events of one kind that a process had to tell in one tick, with the routing key
``<kind>.changed``: ``ticket``, ``worker``, ``pool``, ``attachment``, ``conversation``. A new question's conversation
comes with its ticket: every gateway and dashboard hears all kinds.

Events carry the new state, not the change, so that a repeated or late one (older ``version``) changes nothing.
"""

import msgspec

from tokenline.contracts.attachments import Attachment
from tokenline.contracts.base import Shape
from tokenline.contracts.chat import Conversation
from tokenline.contracts.feedback import Feedback
from tokenline.contracts.ids import (
    AgentId,
    ConversationId,
    Incarnation,
    MessageId,
    Pool,
    TicketId,
    UserId,
    WorkerId,
)
from tokenline.contracts.tickets import HoldReason, TicketState


class LineEntry(Shape):
    """What the line needs to know of a ticket."""

    ticket_id: TicketId
    conversation_id: ConversationId
    owner_id: UserId
    agent_id: AgentId
    pool: Pool
    priority: int
    seq: int
    state: TicketState
    hold_reason: HoldReason | None
    attempt: int
    version: int
    worker_id: WorkerId | None
    created_at: float
    queued_at: float | None
    started_at: float | None
    first_token_at: float | None
    finished_at: float | None


class TicketChanged(Shape, tag="ticket.changed", tag_field="event"):
    entry: LineEntry


class WorkerSeen(Shape, tag="worker.seen", tag_field="event"):
    """A worker's heartbeat, every 2 s and at every change of ``busy``."""

    worker_id: WorkerId
    incarnation: Incarnation
    pool: Pool
    slots: int
    busy: int
    draining: bool
    at: float


class WorkerGone(Shape, tag="worker.gone", tag_field="event"):
    """A worker that stopped in good order."""

    worker_id: WorkerId
    incarnation: Incarnation


class AttachmentChanged(Shape, tag="attachment.changed", tag_field="event"):
    attachment: Attachment


class ConversationChanged(Shape, tag="conversation.changed", tag_field="event"):
    """Routing key ``conversation.changed``. ``deleted``: the conversation is gone."""

    conversation: Conversation
    deleted: bool = False


class ConversationTyped(Shape, tag="conversation.typed", tag_field="event"):
    """Its owner is writing a question on the device that ``session`` stands for. True for a moment, kept nowhere."""

    conversation_id: ConversationId
    owner_id: UserId
    session: str


class AnswerRated(Shape, tag="conversation.rated", tag_field="event"):
    """``feedback`` ``None``: it was taken back."""

    conversation_id: ConversationId
    owner_id: UserId
    message_id: MessageId
    feedback: Feedback | None


class QuestionEdited(Shape, tag="ticket.edited", tag_field="event"):
    """A waiting question has another text; read it in the store."""

    ticket_id: TicketId
    owner_id: UserId
    question_id: MessageId


class PoolPaused(Shape, tag="pool.paused", tag_field="event"):
    """An administrator paused the pool, or (``paused`` false) let it go on."""

    pool: Pool
    paused: bool


Event = (
    TicketChanged
    | QuestionEdited
    | WorkerSeen
    | WorkerGone
    | PoolPaused
    | AttachmentChanged
    | ConversationChanged
    | ConversationTyped
    | AnswerRated
)

_decoder: msgspec.msgpack.Decoder[list[Event]] = msgspec.msgpack.Decoder(list[Event])


def unpack_events(body: bytes) -> list[Event]:
    """What one broker message carries: the events of one process and tick. Raises `msgspec.ValidationError`."""
    return _decoder.decode(body)


def routing_key(event: Event) -> str:
    """Of the message that carries it: the kind of thing it is about, so that a tick's events travel together."""
    return str(event.__struct_config__.tag).partition(".")[0] + ".changed"
