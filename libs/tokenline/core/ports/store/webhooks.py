"""Who is told of the end of a ticket, and how that went."""

from collections.abc import Collection
from typing import Protocol

from tokenline.contracts.ids import TicketId, UserId, WebhookId
from tokenline.contracts.webhooks import Delivery, Webhook
from tokenline.core.ports.store.paging import Page


class DeliveryPage(Page):
    items: tuple[Delivery, ...]


class WebhookStore(Protocol):
    """Deliveries are made by `TicketStore.replace_ticket`, and go with their tickets."""

    async def add_webhook(self, webhook: Webhook, limit: int) -> bool:
        """False when its owner has ``limit`` already, however many are added at the same time."""
        ...

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
