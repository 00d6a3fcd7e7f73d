"""Webhooks and their deliveries. A delivery is part of its ticket's document: the write that ends the one makes the
other.
"""

from collections.abc import Collection

from tokenline.adapters.store_mongo.database import Document
from tokenline.adapters.store_mongo.documents import Documents, encode, insert_new
from tokenline.adapters.store_mongo.part import Part
from tokenline.contracts.ids import TicketId, UserId, WebhookId
from tokenline.contracts.tickets import Ticket
from tokenline.contracts.webhooks import Delivery, Webhook
from tokenline.core.paging import decode_cursor, encode_cursor
from tokenline.core.ports.store import DeliveryPage
from tokenline.core.webhooks import first_delivery

WEBHOOKS = Documents(Webhook)
DELIVERIES = Documents(Delivery)

_FOR_EVER = 1e18


def news(ticket: Ticket) -> Document:
    """What to set in the write that ends a ticket; nothing, when nobody is to be told."""
    delivery = first_delivery(ticket)
    return {} if delivery is None else {"delivery": _document(delivery)}


def _document(delivery: Delivery) -> Document:
    document: Document = {
        "id": delivery.ticket_id,
        "webhook_id": delivery.webhook_id,
        "owner_id": delivery.owner_id,
        "created_at": delivery.created_at,
        "version": delivery.version,
        "doc": encode(delivery),
    }
    if delivery.due_at is not None:
        document["due_at"] = delivery.due_at
    return document


class Webhooks(Part):
    async def add_webhook(self, webhook: Webhook, limit: int) -> bool:
        """Each takes a place of its owner's, of which there are ``limit``: no two can have the same one."""
        fields = {"owner_id": webhook.owner_id, "generation": webhook.generation, "doc": encode(webhook)}
        async with self._database.writing() as db:
            taken = await db.webhooks.find({"owner_id": webhook.owner_id}, {"place": 1}).to_list(None)
            # Those of earlier versions have none, and count.
            left = limit - sum("place" not in document for document in taken)
            for number in range(left):
                place = f"{webhook.owner_id} {number}"
                if any(document.get("place") == place for document in taken):
                    continue
                if await insert_new(db.webhooks, {"_id": webhook.id, "place": place, **fields}):
                    return True
            return False

    async def get_webhook(self, webhook_id: WebhookId) -> Webhook | None:
        async with self._database.reading() as db:
            return WEBHOOKS.maybe(await db.webhooks.find_one({"_id": webhook_id}))

    async def webhooks(self, owner: UserId) -> list[Webhook]:
        async with self._database.reading() as db:
            found = await db.webhooks.find({"owner_id": owner}).to_list(None)
        return sorted(map(WEBHOOKS.of, found), key=lambda webhook: (webhook.created_at, webhook.id))

    async def rotate_webhook(self, webhook: Webhook) -> bool:
        before = {"_id": webhook.id, "generation": webhook.generation - 1}
        fields = {"generation": webhook.generation, "doc": encode(webhook)}
        async with self._database.writing() as db:
            return (await db.webhooks.update_one(before, {"$set": fields})).matched_count == 1

    async def delete_webhook(self, webhook_id: WebhookId) -> None:
        async with self._database.writing() as db:
            await db.webhooks.delete_one({"_id": webhook_id})

    async def get_delivery(self, ticket_id: TicketId) -> Delivery | None:
        async with self._database.reading() as db:
            found = await db.tickets.find_one({"_id": ticket_id, "delivery": {"$exists": True}}, {"delivery": 1})
        return None if found is None else DELIVERIES.of(found["delivery"])

    async def due_deliveries(self, now: float, limit: int, *, except_of: Collection[UserId] = ()) -> list[Delivery]:
        wanted: Document = {"delivery.due_at": {"$lte": now}}
        if except_of:
            wanted["delivery.owner_id"] = {"$nin": sorted(except_of)}
        return await self._found(wanted, [("delivery.due_at", 1)], limit)

    async def replace_delivery(self, delivery: Delivery) -> bool:
        before = {"_id": delivery.ticket_id, "delivery.version": delivery.version - 1}
        async with self._database.writing() as db:
            change = {"$set": {"delivery": _document(delivery)}}
            return (await db.tickets.update_one(before, change)).matched_count == 1

    async def deliveries(self, webhook_id: WebhookId, *, cursor: str | None = None, limit: int = 50) -> DeliveryPage:
        at, last_id = (_FOR_EVER, "") if cursor is None else decode_cursor(cursor, tuple[float, str])
        wanted: Document = {
            "delivery.webhook_id": webhook_id,
            "$or": [{"delivery.created_at": {"$lt": at}}, {"delivery.created_at": at, "delivery.id": {"$lt": last_id}}],
        }
        found = await self._found(wanted, [("delivery.created_at", -1), ("delivery.id", -1)], limit + 1)
        items = tuple(found[:limit])
        more = encode_cursor((items[-1].created_at, items[-1].ticket_id)) if len(found) > limit else None
        return DeliveryPage(items=items, next=more)

    async def _found(self, wanted: Document, order: list[tuple[str, int]], limit: int) -> list[Delivery]:
        async with self._database.reading() as db:
            found = db.tickets.find(wanted, {"delivery": 1}).sort(order).limit(limit)
            return [DELIVERIES.of(document["delivery"]) for document in await found.to_list(None)]
