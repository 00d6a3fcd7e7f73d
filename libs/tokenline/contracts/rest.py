"""What REST answers with, beyond the shapes that it shares with the sockets and the store."""

from typing import Literal

import msgspec

from tokenline.contracts.accounts import Role, Scope
from tokenline.contracts.attachments import Attachment
from tokenline.contracts.base import Shape
from tokenline.contracts.chat import Conversation, SharedMessage
from tokenline.contracts.errors import ErrorInfo
from tokenline.contracts.frames import Eta
from tokenline.contracts.ids import (
    AgentId,
    ApiKeyId,
    AttachmentId,
    ConversationId,
    MessageId,
    Pool,
    TicketId,
    UserId,
    WebhookId,
)
from tokenline.contracts.limits import Limits
from tokenline.contracts.tickets import HoldReason, TicketState
from tokenline.contracts.webhooks import DeliveryState


class ErrorAnswer(Shape):
    """How every call says no."""

    error: ErrorInfo


class ServedMessage(SharedMessage):
    """A message with its attachments in full."""

    attachments: tuple[Attachment, ...]
    """Those that were not deleted since."""
    tokens_used: int | None
    """Of question and answer together; ``None`` where nobody counted."""
    alternatives: tuple[MessageId, ...] = ()
    """The messages that stand in each other's place, oldest first, itself among them; empty: it is the only one."""


class TicketStatus(Shape):
    """A ticket with its place in line and, once it has ended, its answer."""

    id: TicketId
    conversation_id: ConversationId
    state: TicketState
    attempt: int
    pool: Pool
    priority: int
    """9 goes first."""
    position: int | None
    """Tickets that will be served before it; ``None`` once it no longer waits."""
    reason: HoldReason | None
    """Why it is held outside the queue."""
    eta: Eta | None
    answer_id: MessageId
    """The id that its answer has, or will have."""
    answer: ServedMessage | None
    """Also of a stopped one: the text so far."""
    error: ErrorInfo | None


class Asked(Shape):
    """A question, and the ticket that it took."""

    message: ServedMessage
    ticket: TicketStatus


class MessagePage(Shape):
    """Oldest first; ``next`` leads to earlier ones."""

    items: tuple[ServedMessage, ...]
    next: str | None
    leaf_id: MessageId | None = None
    """Where the conversation's current path ended when this was read."""


class ConversationPage(Shape):
    """Latest first."""

    items: tuple[Conversation, ...]
    next: str | None


class AgentCard(Shape):
    """What a user may know of an agent."""

    id: AgentId
    name: str
    description: str
    capabilities: tuple[str, ...]
    pool: Pool
    """The line in which its questions wait."""


class AgentPage(Shape):
    items: tuple[AgentCard, ...]
    next: str | None = None


class PoolStatus(Shape):
    """What the caller would meet by asking now."""

    pool: Pool
    waiting: int
    running: int
    slots: int
    workers: int
    eta: Eta | None


class PoolStatusPage(Shape):
    items: tuple[PoolStatus, ...]
    next: str | None = None


class PassageSource(Shape):
    attachment_id: AttachmentId
    name: str
    page: int | None
    """Counted from 1; ``None`` for files without pages."""
    start: int
    end: int
    """Character offsets of the passage in the extracted text."""
    section: str | None = None
    """The headings it stands under, outermost first: ``Methods › Sampling``."""


class FoundPassage(Shape):
    """Best first."""

    content: str
    similarity: float
    """0 to 1, comparable only within one answer."""
    source: PassageSource


class FoundPassagePage(Shape):
    items: tuple[FoundPassage, ...]
    next: str | None = None


class SocketTicket(Shape):
    """Opens one socket, once."""

    ticket: str
    expires_in: int
    """Seconds."""


class Me(Shape):
    """Whose credential this is."""

    id: UserId
    email: str
    role: Role
    tier: int
    """Priority of their tickets."""
    via: Literal["password", "api_key"]
    has_password: bool
    """False: this account is opened by a provider alone, until it is given a password."""


class ApiKeyCard(Shape):
    id: ApiKeyId
    name: str
    created_at: float
    scopes: tuple[Scope, ...]
    expires_at: float | None
    """``None``: never."""
    used_at: float | None
    """To within a minute; ``None``: not yet."""
    limits: Limits


class NewApiKey(ApiKeyCard):
    """The one time that the key itself is shown."""

    key: str


class ApiKeyPage(Shape):
    items: tuple[ApiKeyCard, ...]
    next: str | None = None


class WebhookCard(Shape):
    """A registered address, as its owner sees it."""

    id: WebhookId
    url: str
    created_at: float
    rotated_at: float | None
    """When it got its present secret in place of another."""


class WebhookSecret(WebhookCard):
    """The one time that the secret is shown."""

    secret: str


class WebhookPage(Shape):
    items: tuple[WebhookCard, ...]
    next: str | None = None


class DeliveryCard(Shape):
    """How telling a webhook of the end of a ticket went."""

    ticket_id: TicketId
    webhook_id: WebhookId
    state: DeliveryState
    attempts: int
    due_at: float | None
    """When the next attempt is due; ``None``: there is none."""
    status: int | None
    """HTTP status of the last attempt that got one."""
    error: str | None
    """What went wrong at the last attempt."""
    created_at: float
    """When the ticket ended."""
    attempted_at: float | None


class DeliveryPage(Shape):
    """Latest end first."""

    items: tuple[DeliveryCard, ...]
    next: str | None


class Alive(Shape):
    status: Literal["alive"] = "alive"


class Readiness(Shape):
    """Whether the service can serve, and what each thing it needs says."""

    status: Literal["ready", "degraded"]
    checks: dict[str, str]
    """``ok``, or what is wrong."""
    notes: dict[str, str] = msgspec.field(default_factory=dict)
    """What does not keep it from serving, and is good to know: how far a rebuild of the index is."""
