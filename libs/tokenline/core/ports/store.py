"""The store: the truth about everything that was accepted.

All methods raise `StoreUnavailable` (retry later) or `StorageFull`. A cancelled write may or may not have happened.
"""

from collections.abc import Sequence
from typing import Protocol

from tokenline.contracts.accounts import ApiKey, RefreshToken, User
from tokenline.contracts.attachments import Attachment
from tokenline.contracts.base import Shape
from tokenline.contracts.chat import Conversation, Message
from tokenline.contracts.ids import (
    ApiKeyId,
    AttachmentId,
    ConversationId,
    Incarnation,
    MessageId,
    TicketId,
    UserId,
    WorkerId,
)
from tokenline.contracts.tickets import Ticket

POOL_FULL_RETRY_S = 5.0
"""``retry_after_s`` of the store's `QueueFull`: a floor; who knows the line's ETA says better."""


class Accepted(Shape):
    """``created`` is False when the same client message was accepted before: the first one is returned."""

    ticket: Ticket
    question: Message
    conversation: Conversation
    created: bool


class Page(Shape):
    """``next`` is the cursor of the following page; ``None``: this was the last."""

    next: str | None


class ConversationPage(Page):
    items: tuple[Conversation, ...]


class MessagePage(Page):
    """Oldest first inside the page; pages go from the newest back."""

    items: tuple[Message, ...]


class TicketStore(Protocol):
    async def accept(
        self,
        ticket: Ticket,
        question: Message,
        conversation: Conversation,
        *,
        user_limit: int,
        pool_limit: int,
        now: float,
    ) -> Accepted:
        """Write question and ticket in one operation, queued or held as `core.fairness.hold_reason` says.

        ``ticket`` comes as `HELD` draft with version 0; a queued one gets its ``seq`` here. ``conversation`` is created
        if it does not exist, and its ``updated_at`` set. Attachments named by the question are bound to the
        conversation. Idempotent by ``(owner, client_message_id)``. Raises `QueueFull` when the pool has
        ``pool_limit`` live tickets, `NotFound` when conversation or an attachment is not the owner's, `Conflict`
        when an attachment belongs to another conversation.
        """
        ...

    async def get_ticket(self, ticket_id: TicketId) -> Ticket | None: ...

    async def replace_ticket(self, ticket: Ticket) -> bool:
        """Compare-and-set: writes if the stored version is ``ticket.version - 1``; False otherwise."""
        ...

    async def finish_ticket(self, ticket: Ticket, answer: Message | None) -> bool:
        """As `replace_ticket`, and writes the answer (if any) in the same operation.

        The answer is dropped when its conversation was deleted meanwhile; the ticket ends all the same.
        """
        ...

    async def next_seq(self) -> int:
        """A number higher than every one given before."""
        ...

    async def live_tickets(self, owner: UserId | None = None) -> list[Ticket]:
        """Oldest first (by creation)."""
        ...

    async def unpublished_tickets(self, queued_before: float, limit: int) -> list[Ticket]:
        """Queued tickets without a confirm, in their order in the line: priority descending, then ``seq``."""
        ...

    async def overdue_tickets(self, now: float, limit: int) -> list[Ticket]:
        """Held or queued tickets whose deadline has passed, the longest overdue first."""
        ...

    async def orphaned_tickets(self, limit: int) -> list[Ticket]:
        """Running tickets whose worker incarnation holds no lease, judged by the store's clock; oldest first."""
        ...

    async def owners_with_held_tickets(self) -> list[UserId]:
        """By id."""
        ...

    async def renew_lease(self, name: str, holder: str, ttl_s: float) -> bool:
        """Take or extend the lease ``name``; False while another holder has it. Store time decides.

        Workers hold ``worker:<worker id>:<incarnation>`` with their incarnation as holder; the keeper holds
        ``keeper``.
        """
        ...

    async def drop_lease(self, name: str, holder: str) -> None: ...


def worker_lease(worker_id: WorkerId, incarnation: Incarnation) -> str:
    """The name of the lease that keeps a worker's tickets its own."""
    return f"worker:{worker_id}:{incarnation}"


class ChatStore(Protocol):
    async def create_conversation(self, conversation: Conversation) -> None:
        """Nothing happens when the id is known already."""
        ...

    async def get_conversation(self, conversation_id: ConversationId) -> Conversation | None: ...

    async def update_conversation(self, conversation: Conversation) -> None:
        """Nothing happens when it was deleted; the stored ``updated_at`` never goes back."""
        ...

    async def delete_conversation(self, conversation_id: ConversationId) -> None:
        """With its messages and ended tickets. Attachments are the caller's to delete first."""
        ...

    async def list_conversations(
        self,
        owner: UserId,
        *,
        agent_id: str | None = None,
        archived: bool | None = None,
        text: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> ConversationPage:
        """Latest ``updated_at`` first. ``text`` filters titles, case-insensitively. `BadRequest`: not our cursor."""
        ...

    async def get_message(self, message_id: MessageId) -> Message | None: ...

    async def messages(
        self, conversation_id: ConversationId, *, cursor: str | None = None, limit: int = 50
    ) -> MessagePage:
        """Raises `BadRequest` on a cursor that is not ours."""
        ...


class AccountStore(Protocol):
    async def create_user(self, user: User) -> None:
        """Raises `Conflict` when the e-mail address is taken."""
        ...

    async def get_user(self, user_id: UserId) -> User | None: ...

    async def get_users(self, user_ids: Sequence[UserId]) -> list[User]:
        """In the order asked for; missing ones are left out."""
        ...

    async def user_by_email(self, email: str) -> User | None: ...

    async def update_user(self, user: User) -> None:
        """Raises `Conflict` when the e-mail address is another user's."""
        ...

    async def has_admin(self) -> bool:
        """Disabled ones count."""
        ...

    async def add_refresh_token(self, token: RefreshToken) -> None:
        """A token added to a revoked family is revoked from the start. Forgets expired ones on the way."""
        ...

    async def spend_refresh_token(self, token_hash: str, now: float) -> RefreshToken | None:
        """Mark as spent and return it as it was before; ``None``: unknown or revoked."""
        ...

    async def revoke_refresh_family(self, family: str) -> None: ...

    async def refresh_family_is_live(self, family: str) -> bool:
        """False once it was revoked or its last token expired, and for an unknown one."""
        ...

    async def add_api_key(self, key: ApiKey) -> None: ...

    async def api_keys(self, user_id: UserId) -> list[ApiKey]:
        """Those not revoked, oldest first."""
        ...

    async def api_key_by_hash(self, key_hash: str) -> ApiKey | None:
        """Revoked ones answer as missing."""
        ...

    async def revoke_api_key(self, key_id: ApiKeyId, user_id: UserId, now: float) -> bool:
        """False when there is no such key of this user."""
        ...


class AttachmentStore(Protocol):
    async def add_attachment(self, attachment: Attachment) -> None:
        """Nothing happens when the id is known already."""
        ...

    async def get_attachment(self, attachment_id: AttachmentId) -> Attachment | None: ...

    async def replace_attachment(self, attachment: Attachment) -> bool:
        """Compare-and-set on ``version`` as for tickets."""
        ...

    async def delete_attachment(self, attachment_id: AttachmentId) -> None: ...

    async def attachments(self, attachment_ids: Sequence[AttachmentId]) -> list[Attachment]:
        """In the order asked for; missing ones are left out."""
        ...

    async def attachments_of(self, conversation_id: ConversationId) -> list[Attachment]:
        """Oldest first."""
        ...

    async def unindexed_attachments(self, created_before: float, limit: int) -> list[Attachment]:
        """Neither indexed, failed nor uploading: their job may have been lost. Oldest first."""
        ...


class Store(TicketStore, ChatStore, AccountStore, AttachmentStore, Protocol):
    async def open(self) -> None:
        """Connect and bring the schema up to date."""
        ...

    async def close(self) -> None: ...

    async def ping(self) -> None:
        """Raises when a write would fail."""
        ...
