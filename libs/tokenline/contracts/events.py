"""What happened, told to every gateway and to the dashboard: exchange ``tokenline.events``, names in the past tense.

Events carry the new state, not the change, so that a repeated or late one (older ``version``) changes nothing.
"""

import msgspec

from tokenline.contracts.attachments import Attachment
from tokenline.contracts.base import Shape
from tokenline.contracts.chat import Conversation
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
    """Routing key ``ticket.<state>``."""

    entry: LineEntry


class WorkerSeen(Shape, tag="worker.seen", tag_field="event"):
    """A worker's heartbeat, every 2 s and at every change of ``busy``. Routing key ``worker.seen``."""

    worker_id: WorkerId
    incarnation: Incarnation
    pool: Pool
    slots: int
    busy: int
    draining: bool
    at: float


class WorkerGone(Shape, tag="worker.gone", tag_field="event"):
    """A worker that stopped in good order. Routing key ``worker.gone``."""

    worker_id: WorkerId
    incarnation: Incarnation


class AttachmentChanged(Shape, tag="attachment.changed", tag_field="event"):
    """Routing key ``attachment.<state>``."""

    attachment: Attachment


class ConversationChanged(Shape, tag="conversation.changed", tag_field="event"):
    """Routing key ``conversation.changed``. ``deleted``: the conversation is gone."""

    conversation: Conversation
    deleted: bool = False


class QuestionEdited(Shape, tag="question.edited", tag_field="event"):
    """A waiting question has another text; read it in the store. Routing key ``ticket.edited``."""

    ticket_id: TicketId
    owner_id: UserId
    question_id: MessageId


class PoolPaused(Shape, tag="pool.paused", tag_field="event"):
    """An administrator paused the pool, or (``paused`` false) let it go on. Routing key ``pool.paused``."""

    pool: Pool
    paused: bool


Event = TicketChanged | QuestionEdited | WorkerSeen | WorkerGone | PoolPaused | AttachmentChanged | ConversationChanged

_decoder: msgspec.msgpack.Decoder[Event] = msgspec.msgpack.Decoder(Event)


def unpack_event(body: bytes) -> Event:
    """Raises `msgspec.ValidationError` on anything else."""
    return _decoder.decode(body)


def routing_key(event: Event) -> str:
    match event:
        case TicketChanged(entry=entry):
            return f"ticket.{entry.state}"
        case QuestionEdited():
            return "ticket.edited"
        case WorkerSeen():
            return "worker.seen"
        case WorkerGone():
            return "worker.gone"
        case PoolPaused():
            return "pool.paused"
        case AttachmentChanged(attachment=attachment):
            return f"attachment.{attachment.state}"
        case ConversationChanged():
            return "conversation.changed"
