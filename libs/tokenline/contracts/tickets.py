"""A ticket: one question's place in the line, from acceptance to its terminal state."""

from enum import StrEnum

from tokenline.contracts.base import Shape
from tokenline.contracts.errors import ErrorInfo
from tokenline.contracts.ids import (
    AgentId,
    AttachmentId,
    ConversationId,
    Incarnation,
    MessageId,
    Pool,
    ReplyKey,
    TicketId,
    UserId,
    WebhookId,
    WorkerId,
)
from tokenline.contracts.limits import Charge


class TicketState(StrEnum):
    HELD = "held"
    QUEUED = "queued"
    PROCESSING = "processing"
    STREAMING = "streaming"
    COMPLETE = "complete"
    CANCELLED = "cancelled"
    ERROR = "error"


class HoldReason(StrEnum):
    EARLIER_MESSAGE = "earlier_message"
    """An earlier ticket of the same conversation is still live."""
    USER_LIMIT = "user_limit"
    """The owner already has as many tickets in the broker queue as one user may."""
    INDEXING = "indexing"
    """An attachment of the question is still being read."""
    RETRYING = "retrying"
    """An attempt failed; the next one begins at ``due_at``."""


class Usage(Shape):
    """What an answer cost. ``estimated`` when the model did not report it."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    estimated: bool = False


class Ticket(Shape):
    """The stored truth about one question. Every write bumps ``version`` and is conditional on the one read."""

    id: TicketId
    conversation_id: ConversationId
    owner_id: UserId
    agent_id: AgentId
    pool: Pool
    question_id: MessageId
    answer_id: MessageId
    """Chosen at acceptance, so that writing the answer twice writes one message."""
    instead_of: MessageId | None = None
    """The answer to which this one is an alternative; it begins a branch of its own."""
    files: tuple[AttachmentId, ...] = ()
    """The question's attachments: it is held while one of them is being read."""
    priority: int
    """0 (last) to 9 (first); 10 is kept for tickets that resume after a crash."""
    seq: int = 0
    """Order inside a priority: taken from a store-wide counter at acceptance and at each publication."""
    state: TicketState = TicketState.HELD
    hold_reason: HoldReason | None = None
    attempt: int = 0
    """Number of claims so far; the fence against writers of an earlier claim."""
    failed: int = 0
    """Attempts that ended in an error."""
    lost: int = 0
    """Attempts whose worker was lost. One that a stopping worker handed back is neither: it spends no attempt."""
    publish_no: int = 0
    """Number of publications; an offer with an older number is void."""
    level_at: float | None = None
    """When it came to its priority in the queue: what ageing counts from."""
    due_at: float | None = None
    """When a `RETRYING` one goes on."""
    worker_id: WorkerId | None = None
    incarnation: Incarnation | None = None
    reply_to: tuple[ReplyKey, ...] = ()
    """Of the gateways that are sent what its worker says."""
    cancel_requested: bool = False
    webhook_id: WebhookId | None = None
    """Who is told of its end, if anybody."""
    created_at: float
    queued_at: float | None = None
    started_at: float | None = None
    first_token_at: float | None = None
    finished_at: float | None = None
    deadline_at: float
    """Still waiting after this: ends as ``queue_timeout``."""
    error: ErrorInfo | None = None
    dead: bool = False
    """Given up after its last attempt: a dead letter, until an administrator retries or discards it."""
    usage: Usage | None = None
    counts_for: tuple[Charge, ...] = ()
    """Limits that the tokens of its answer are counted for when it ends."""
    version: int = 0


class TicketOffer(Shape):
    """The body of a message in a ticket queue: ids only, because content belongs to the store."""

    ticket_id: TicketId
    publish_no: int
