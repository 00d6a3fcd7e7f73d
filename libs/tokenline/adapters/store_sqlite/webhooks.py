"""Webhooks and their deliveries. A delivery is written in the write that ends its ticket."""

import sqlite3
from collections.abc import Collection

from tokenline.adapters.store_sqlite.documents import Documents, as_list, encode
from tokenline.adapters.store_sqlite.part import Part
from tokenline.contracts.ids import TicketId, UserId, WebhookId
from tokenline.contracts.tickets import Ticket
from tokenline.contracts.webhooks import Delivery, Webhook
from tokenline.core.paging import decode_cursor, encode_cursor
from tokenline.core.ports.store import DeliveryPage
from tokenline.core.webhooks import first_delivery

WEBHOOKS = Documents(Webhook)
DELIVERIES = Documents(Delivery)

_FOR_EVER = 1e18

_ADD_WEBHOOK = """
    INSERT INTO webhooks (id, owner_id, generation, doc)
    SELECT ?, ?, ?, ? WHERE (SELECT count(*) FROM webhooks WHERE owner_id = ?) < ?
"""
_ADD = """
    INSERT INTO deliveries (ticket_id, webhook_id, owner_id, created_at, due_at, version, doc)
    VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (ticket_id) DO NOTHING
"""
_REPLACE = "UPDATE deliveries SET due_at = ?, version = ?, doc = ? WHERE ticket_id = ? AND version = ?"
_DUE = """
    SELECT doc FROM deliveries INDEXED BY deliveries_due
    WHERE due_at IS NOT NULL AND due_at <= ? AND owner_id NOT IN (SELECT value FROM json_each(?))
    ORDER BY due_at LIMIT ?
"""
_PAGE = """
    SELECT doc FROM deliveries INDEXED BY deliveries_of_webhook
    WHERE webhook_id = ? AND (created_at, ticket_id) < (?, ?) ORDER BY created_at DESC, ticket_id DESC LIMIT ?
"""


def add_delivery(connection: sqlite3.Connection, ticket: Ticket) -> None:
    """To be called in the write that ends a ticket. Nothing happens when nobody is to be told, or was already."""
    delivery = first_delivery(ticket)
    if delivery is not None:
        owner, created_at = delivery.owner_id, delivery.created_at
        columns = (delivery.ticket_id, delivery.webhook_id, owner, created_at, delivery.due_at, delivery.version)
        connection.execute(_ADD, (*columns, encode(delivery)))


class Webhooks(Part):
    async def add_webhook(self, webhook: Webhook, limit: int) -> bool:
        row = (webhook.id, webhook.owner_id, webhook.generation, encode(webhook))
        return await self._database.execute(_ADD_WEBHOOK, *row, webhook.owner_id, limit) == 1

    async def get_webhook(self, webhook_id: WebhookId) -> Webhook | None:
        sql = "SELECT doc FROM webhooks WHERE id = ?"
        return await self._database.read(lambda connection: WEBHOOKS.one(connection, sql, (webhook_id,)))

    async def webhooks(self, owner: UserId) -> list[Webhook]:
        sql = "SELECT doc FROM webhooks WHERE owner_id = ?"
        found = await self._database.read(lambda connection: WEBHOOKS.all(connection, sql, (owner,)))
        return sorted(found, key=lambda webhook: (webhook.created_at, webhook.id))

    async def rotate_webhook(self, webhook: Webhook) -> bool:
        sql = "UPDATE webhooks SET generation = ?, doc = ? WHERE id = ? AND generation = ?"
        parameters = (webhook.generation, encode(webhook), webhook.id, webhook.generation - 1)
        return await self._database.execute(sql, *parameters) == 1

    async def delete_webhook(self, webhook_id: WebhookId) -> None:
        await self._database.execute("DELETE FROM webhooks WHERE id = ?", webhook_id)

    async def get_delivery(self, ticket_id: TicketId) -> Delivery | None:
        sql = "SELECT doc FROM deliveries WHERE ticket_id = ?"
        return await self._database.read(lambda connection: DELIVERIES.one(connection, sql, (ticket_id,)))

    async def due_deliveries(self, now: float, limit: int, *, except_of: Collection[UserId] = ()) -> list[Delivery]:
        parameters = (now, as_list(sorted(except_of)), limit)
        return await self._database.scan(lambda connection: DELIVERIES.all(connection, _DUE, parameters))

    async def replace_delivery(self, delivery: Delivery) -> bool:
        version = delivery.version
        parameters = (delivery.due_at, version, encode(delivery), delivery.ticket_id, version - 1)
        return await self._database.execute(_REPLACE, *parameters) == 1

    async def deliveries(self, webhook_id: WebhookId, *, cursor: str | None = None, limit: int = 50) -> DeliveryPage:
        before = (_FOR_EVER, "") if cursor is None else decode_cursor(cursor, tuple[float, str])
        parameters = (webhook_id, *before, limit + 1)
        found = await self._database.scan(lambda connection: DELIVERIES.all(connection, _PAGE, parameters))
        items = tuple(found[:limit])
        more = encode_cursor((items[-1].created_at, items[-1].ticket_id)) if len(found) > limit else None
        return DeliveryPage(items=items, next=more)
