"""Webhooks: where a user's programs are told that a ticket has ended, and how telling them went."""

from enum import StrEnum

from tokenline.contracts.base import Shape
from tokenline.contracts.ids import TicketId, UserId, WebhookId


class Webhook(Shape):
    """A registered address. Its secret is not stored: it is derived from the id and ``generation``."""

    id: WebhookId
    owner_id: UserId
    url: str
    generation: int = 1
    """Counts the secrets it has had."""
    rotated_at: float | None = None
    """When it got the present one in place of another, which signs beside it for a while."""
    created_at: float


class DeliveryState(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
    """Given up after the last attempt, or the receiver wants no more (410)."""
    DROPPED = "dropped"
    """There is nobody to tell: the webhook was deleted, or its owner disabled."""


class Delivery(Shape):
    """The news of one ended ticket on its way to one webhook. Every write bumps ``version``."""

    ticket_id: TicketId
    webhook_id: WebhookId
    owner_id: UserId
    state: DeliveryState = DeliveryState.PENDING
    attempts: int = 0
    due_at: float | None
    """When the next attempt is due; ``None``: there is none."""
    status: int | None = None
    """HTTP status of the last attempt that got one."""
    error: str | None = None
    """What went wrong at the last attempt."""
    created_at: float
    """When the ticket ended."""
    attempted_at: float | None = None
    version: int = 0
