"""The store: the truth about everything that was accepted.

All methods raise `StoreUnavailable` (retry later) or `StorageFull`. A cancelled write may or may not have happened.
"""

from collections.abc import Collection, Sequence
from typing import Protocol

from tokenline.contracts.accounts import ApiKey, RefreshToken, User
from tokenline.contracts.admin import AuditEntry
from tokenline.contracts.attachments import Attachment
from tokenline.contracts.base import Shape
from tokenline.contracts.chat import Conversation, Message
from tokenline.contracts.ids import (
    ApiKeyId,
    AttachmentId,
    ConversationId,
    Incarnation,
    MessageId,
    Pool,
    TicketId,
    UserId,
    WebhookId,
    WorkerId,
)
from tokenline.contracts.tickets import Ticket, TicketOffer
from tokenline.contracts.webhooks import Delivery, Webhook
from tokenline.core.conversation import ConversationChange

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


class TicketPage(Page):
    items: tuple[Ticket, ...]


class AuditPage(Page):
    items: tuple[AuditEntry, ...]


class DeliveryPage(Page):
    items: tuple[Delivery, ...]


class Revoked(Shape):
    """``mark`` grows with every right that is changed or taken back. ``users`` are those concerned since an earlier
    mark; ``None``: anybody may be."""

    mark: int
    users: frozenset[UserId] | None


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
        again: bool = False,
    ) -> Accepted:
        """Write question and ticket in one operation, queued or held as `core.fairness.hold_reason` says.

        ``ticket`` comes as `HELD` draft with version 0; a queued one gets its ``seq`` here. ``conversation`` is created
        if it does not exist, and its ``updated_at`` set. Attachments named by the question are bound to the
        conversation. Idempotent by ``(owner, client_message_id)`` and by ticket id. ``again``: a further ticket for a
        question that is stored already, idempotent by ticket id alone; the question then belongs to it. Raises
        `QueueFull` when the pool has ``pool_limit`` live tickets, `NotFound` when conversation or an attachment is not
        the owner's, `Conflict` when an attachment belongs to another conversation, `Busy` when the stored conversation
        rejects questions while an earlier one is live.
        """
        ...

    async def now(self) -> float:
        """The store's clock, which judges leases and deadlines: that of one process may be wrong."""
        ...

    async def get_ticket(self, ticket_id: TicketId) -> Ticket | None: ...

    async def replace_ticket(self, ticket: Ticket, *messages: Message) -> bool:
        """Compare-and-set: writes if the stored version is ``ticket.version - 1``; False otherwise.

        ``messages`` are written in the same operation: added at the end of their conversation, or put in place of the
        stored ones with their ids, which keep their ``seq``. A message is dropped when its conversation was deleted.
        The end of a ticket with a ``webhook_id`` writes its `Delivery` with it, due at once, and once only.
        """
        ...

    async def release_held(self, owner: UserId, *, user_limit: int, now: float) -> list[Ticket]:
        """Judge the owner's held tickets again, in one operation, as `core.fairness.judge_held` says.

        Returns those that changed, first come first: queued (each with a ``seq`` of its own, not yet published), or
        held for another reason. However many ask at once, no limit is passed and no order broken.
        """
        ...

    async def owners_to_release(self, due_before: float, limit: int) -> list[UserId]:
        """Owners of held tickets for whom something was due to be released before that time, longest ago first.

        Noted, by the clock of the writer, in the operation that ends a ticket of theirs or the reading of a file; taken
        back by `release_held`. So it costs nothing while nobody was interrupted in between.
        """
        ...

    async def confirm_published(self, offers: Sequence[TicketOffer]) -> None:
        """The broker has these publications. No new version; void where the ticket was published again meanwhile.

        May be forgotten when the ticket is changed at the same time: then it is published once more, which is harmless.
        """
        ...

    async def next_seq(self) -> int:
        """A number higher than every one given before."""
        ...

    async def live_tickets(self, owner: UserId | None = None) -> list[Ticket]:
        """Oldest first (by creation)."""
        ...

    async def unpublished_tickets(self, level_before: float, limit: int) -> list[Ticket]:
        """Queued tickets whose current publication, begun before that time (``level_at``), is not confirmed.

        In their order in the line: priority descending, then ``seq``.
        """
        ...

    async def starving_tickets(self, pool: Pool, priority: int, level_before: float, limit: int) -> list[Ticket]:
        """Queued tickets of this pool and priority that came to it before that time, the first to come first."""
        ...

    async def paused_tickets(self, due_before: float, limit: int) -> list[Ticket]:
        """Tickets held for `RETRYING` whose pause ended before that time, the longest ago first."""
        ...

    async def overdue_tickets(self, now: float, limit: int) -> list[Ticket]:
        """Held or queued tickets whose deadline has passed, the longest overdue first."""
        ...

    async def orphaned_tickets(self, limit: int) -> list[Ticket]:
        """Running tickets whose worker incarnation holds no lease, judged by the store's clock; oldest first."""
        ...

    async def dead_tickets(self, *, cursor: str | None = None, limit: int = 50) -> TicketPage:
        """The dead letters, latest end first. Raises `BadRequest` on a cursor that is not ours."""
        ...

    async def pause_pool(self, pool: Pool, *, paused: bool) -> bool:
        """False when it was so already."""
        ...

    async def paused_pools(self) -> frozenset[Pool]: ...

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

    async def change_conversation(
        self, conversation_id: ConversationId, change: ConversationChange
    ) -> Conversation | None:
        """Change it as `core.conversation.changed` says, and return it as it is then; ``None``: it was deleted.

        Of changes made at the same time none is lost.
        """
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

    async def revoke_refresh_family(self, family: str, user_id: UserId) -> None: ...

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

    async def revoked_since(self, mark: int) -> Revoked:
        """Whose rights may have changed: users updated, families and keys revoked.

        Who reads a mark and then a right sees at least what had happened by that mark. Cheap: asked all the time.
        """
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


class AuditStore(Protocol):
    async def add_audit(self, entry: AuditEntry) -> None: ...

    async def close_audit(self, entry_id: str, outcome: str) -> None:
        """Write down how an action ended."""
        ...

    async def audit(self, *, cursor: str | None = None, limit: int = 50) -> AuditPage:
        """Latest first. Raises `BadRequest` on a cursor that is not ours."""
        ...


class WebhookStore(Protocol):
    """Deliveries are made by `TicketStore.replace_ticket`, and go with their tickets."""

    async def add_webhook(self, webhook: Webhook) -> None: ...

    async def get_webhook(self, webhook_id: WebhookId) -> Webhook | None: ...

    async def webhooks(self, owner: UserId) -> list[Webhook]:
        """Oldest first."""
        ...

    async def rotate_webhook(self, webhook: Webhook) -> bool:
        """Compare-and-set: writes if the stored ``generation`` is one less; False otherwise."""
        ...

    async def delete_webhook(self, webhook_id: WebhookId) -> None:
        """Nothing happens when it is missing. Its deliveries stay until somebody finds them due."""
        ...

    async def get_delivery(self, ticket_id: TicketId) -> Delivery | None: ...

    async def due_deliveries(self, now: float, limit: int, *, except_of: Collection[UserId] = ()) -> list[Delivery]:
        """Those due by then, the longest ago first, but for these owners'."""
        ...

    async def replace_delivery(self, delivery: Delivery) -> bool:
        """Compare-and-set on ``version`` as for tickets."""
        ...

    async def deliveries(self, webhook_id: WebhookId, *, cursor: str | None = None, limit: int = 50) -> DeliveryPage:
        """Latest end first. Raises `BadRequest` on a cursor that is not ours."""
        ...


class Store(TicketStore, ChatStore, AccountStore, AttachmentStore, AuditStore, WebhookStore, Protocol):
    async def open(self) -> None:
        """Connect and bring the schema up to date."""
        ...

    async def close(self) -> None: ...

    async def ping(self) -> None:
        """Raises when a write would fail."""
        ...
