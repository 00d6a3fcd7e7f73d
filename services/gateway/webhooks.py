"""A user's webhooks: registering addresses, their secrets, and how deliveries went."""

from msgspec.structs import replace

from services.gateway.settings import GatewaySettings
from tokenline.contracts.errors import Conflict, NotFound
from tokenline.contracts.ids import TicketId, WebhookId
from tokenline.contracts.webhooks import Delivery, Webhook
from tokenline.core.access import owned_by
from tokenline.core.clock import Clock, new_id
from tokenline.core.ports.store import DeliveryPage, Store
from tokenline.core.webhooks import again, check_url, secret_of
from tokenline.runtime.auth.principal import Principal


class Webhooks:
    """Somebody else's answer as missing ones: `NotFound`."""

    def __init__(self, store: Store, clock: Clock, settings: GatewaySettings) -> None:
        self._store = store
        self._clock = clock
        self._limit = settings.webhooks_per_user
        self._key = settings.key_of_webhooks()

    async def register(self, owner: Principal, url: str) -> tuple[Webhook, str]:
        """With its secret, which is told this once. Raises `BadRequest`, and `Conflict` at the limit."""
        check_url(url)
        now = self._clock.now()
        webhook = Webhook(id=new_id(now), owner_id=owner.user_id, url=url, created_at=now)
        if not await self._store.add_webhook(webhook, self._limit):
            raise Conflict(f"An account can have at most {self._limit} webhooks. Delete one first.")
        return webhook, self._secret(webhook)

    async def of(self, owner: Principal) -> list[Webhook]:
        return await self._store.webhooks(owner.user_id)

    async def get(self, owner: Principal, webhook_id: WebhookId) -> Webhook:
        return owned_by(owner.user_id, await self._store.get_webhook(webhook_id))

    async def rotate(self, owner: Principal, webhook_id: WebhookId) -> tuple[Webhook, str]:
        """A new secret; the former one signs beside it for `OVERLAP_S`. Raises `Conflict` if somebody was faster."""
        webhook = await self.get(owner, webhook_id)
        rotated = replace(webhook, generation=webhook.generation + 1, rotated_at=self._clock.now())
        if not await self._store.rotate_webhook(rotated):
            raise Conflict("The secret was replaced by somebody else at the same time.")
        return rotated, self._secret(rotated)

    async def delete(self, owner: Principal, webhook_id: WebhookId) -> None:
        await self.get(owner, webhook_id)
        await self._store.delete_webhook(webhook_id)

    async def deliveries(
        self, owner: Principal, webhook_id: WebhookId, *, cursor: str | None, limit: int
    ) -> DeliveryPage:
        await self.get(owner, webhook_id)
        return await self._store.deliveries(webhook_id, cursor=cursor, limit=limit)

    async def retry(self, owner: Principal, webhook_id: WebhookId, ticket_id: TicketId) -> Delivery:
        """Due at once, whatever became of it before. Raises `Conflict` when an attempt ends at this moment."""
        await self.get(owner, webhook_id)
        delivery = owned_by(owner.user_id, await self._store.get_delivery(ticket_id))
        if delivery.webhook_id != webhook_id:
            raise NotFound
        due = again(delivery, now=await self._store.now())
        if not await self._store.replace_delivery(due):
            raise Conflict("It is being delivered at this moment.")
        return due

    def _secret(self, webhook: Webhook) -> str:
        return secret_of(self._key, webhook.id, webhook.generation)
