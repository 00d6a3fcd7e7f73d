"""The store: the truth about everything that was accepted.

All methods raise `StoreUnavailable` (retry later) or `StorageFull`. A cancelled write may or may not have happened.
"""

from typing import Protocol

from tokenline.core.ports.store.accounts import AccountStore, Revoked, UserChange
from tokenline.core.ports.store.attachments import AttachmentStore
from tokenline.core.ports.store.audit import AuditPage, AuditStore
from tokenline.core.ports.store.chat import ChatStore, ConversationPage, MessagePage
from tokenline.core.ports.store.contents import ContentStore
from tokenline.core.ports.store.erasure import ErasureStore
from tokenline.core.ports.store.feedback import FeedbackPage, FeedbackStore
from tokenline.core.ports.store.indexes import IndexStore
from tokenline.core.ports.store.limits import LimitStore
from tokenline.core.ports.store.paging import Page
from tokenline.core.ports.store.search import Found, FoundPage, SearchStore
from tokenline.core.ports.store.shares import ShareStore
from tokenline.core.ports.store.temporary import TemporaryStore
from tokenline.core.ports.store.tickets import (
    PATIENCE_S,
    POOL_FULL_RETRY_S,
    Accepted,
    Asked,
    Offered,
    TicketChange,
    TicketPage,
    TicketStore,
    Written,
    worker_lease,
)
from tokenline.core.ports.store.tree import TreeStore
from tokenline.core.ports.store.unsent import UnsentStore
from tokenline.core.ports.store.uploads import UploadStore
from tokenline.core.ports.store.webhooks import DeliveryPage, WebhookStore

__all__ = [
    "PATIENCE_S",
    "POOL_FULL_RETRY_S",
    "Accepted",
    "AccountStore",
    "Asked",
    "AttachmentStore",
    "AuditPage",
    "AuditStore",
    "ChatStore",
    "ContentStore",
    "ConversationPage",
    "DeliveryPage",
    "ErasureStore",
    "FeedbackPage",
    "FeedbackStore",
    "Found",
    "FoundPage",
    "IndexStore",
    "LimitStore",
    "MessagePage",
    "Offered",
    "Page",
    "Revoked",
    "SearchStore",
    "ShareStore",
    "Store",
    "TemporaryStore",
    "TicketChange",
    "TicketPage",
    "TicketStore",
    "TreeStore",
    "UnsentStore",
    "UploadStore",
    "UserChange",
    "WebhookStore",
    "Written",
    "worker_lease",
]


class Store(
    TicketStore,
    ChatStore,
    TreeStore,
    FeedbackStore,
    AccountStore,
    AttachmentStore,
    AuditStore,
    WebhookStore,
    LimitStore,
    SearchStore,
    ErasureStore,
    TemporaryStore,
    ShareStore,
    UploadStore,
    IndexStore,
    ContentStore,
    UnsentStore,
    Protocol,
):
    async def open(self) -> None:
        """Connect and bring the schema up to date."""
        ...

    async def close(self) -> None: ...

    async def ping(self) -> None:
        """Raises when a write would fail."""
        ...
