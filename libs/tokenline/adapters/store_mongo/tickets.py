"""Tickets: compare-and-set writes, and the listings that the line keeper lives on."""

import asyncio
from collections.abc import Sequence
from operator import attrgetter

from msgspec.structs import replace
from pymongo import UpdateOne

from tokenline.adapters.store_mongo.attachments import attachments_of
from tokenline.adapters.store_mongo.chat import get_message
from tokenline.adapters.store_mongo.database import Collections, Document
from tokenline.adapters.store_mongo.documents import next_seq
from tokenline.adapters.store_mongo.limits import count
from tokenline.adapters.store_mongo.notes import release_due, take_back_own
from tokenline.adapters.store_mongo.part import Part
from tokenline.adapters.store_mongo.places import place_written
from tokenline.adapters.store_mongo.rows import TICKETS, any_held, swap
from tokenline.adapters.store_mongo.settle import Carried, carrying, settle
from tokenline.adapters.store_mongo.webhooks import news
from tokenline.contracts.chat import Message
from tokenline.contracts.ids import Pool, TicketId, UserId
from tokenline.contracts.tickets import Ticket, TicketOffer
from tokenline.core.paging import decode_cursor, encode_cursor
from tokenline.core.ports.store import PATIENCE_S, Asked, Offered, TicketChange, TicketPage, Written
from tokenline.core.ticket import LIVE
from tokenline.core.token_limits import spent_on

_FOR_EVER = 1e18
_oldest_first = attrgetter("created_at", "id")

Order = Sequence[tuple[str, int]]


async def get_ticket(db: Collections, ticket_id: TicketId) -> Ticket | None:
    document = await db.tickets.find_one({"_id": ticket_id})
    if document is not None and "unsettled" in document:
        await settle(db, document)
    return TICKETS.maybe(document)


class Tickets(Part):
    async def get_ticket(self, ticket_id: TicketId) -> Ticket | None:
        async with self._database.reading() as db:
            return await get_ticket(db, ticket_id)

    async def claim_ticket(self, ticket_id: TicketId, claim: TicketChange) -> Offered | None:
        async with self._database.writing() as db:
            while (ticket := await get_ticket(db, ticket_id)) is not None:
                claimed = claim(ticket)
                if claimed is None:
                    return Offered(ticket=ticket)
                # Before the write: had somebody edited the question since, the ticket would be another version.
                question, files = await asyncio.gather(
                    get_message(db, claimed.question_id), attachments_of(db, claimed.conversation_id)
                )
                if await swap(db, claimed):
                    return Offered(ticket=claimed, asked=Asked(question=question, attachments=tuple(files)))
        return None

    async def replace_ticket(self, ticket: Ticket, *messages: Message, patient: bool = False) -> Written | None:
        if patient:
            # Whoever wants it no more by then has cancelled it: a command under way could not be taken back.
            await asyncio.sleep(PATIENCE_S)
        # An end has its instant from the store's clock; the keeper, who looks for it, has no other.
        now = self._clock.now() if ticket.finished_at is None else ticket.finished_at
        ended = {} if ticket.state in LIVE else release_due(ticket.owner_id, now) | news(ticket)
        async with self._database.writing() as db:
            written = [await _carried(db, message, ticket) for message in messages]
            given_up = ticket if _gives_up(ticket, messages) else None
            carried = carrying(written, now, given_up=given_up) if messages or given_up else {}
            while not await swap(db, ticket, also=ended | carried):
                document = await db.tickets.find_one({"_id": ticket.id})
                if document is None or document["version"] != ticket.version - 1:
                    return None
                if "unsettled" in document:
                    await settle(db, document)
                if "delivery" in document:
                    ended.pop("delivery", None)
            # After the write: who is held for this ticket was so before, and who comes later is not.
            over = bool(ended) and not await any_held(db, ticket.owner_id)
            if carried:
                as_written = {"_id": ticket.id, "version": ticket.version, **carried}
                await settle(db, as_written, *(("due",) if over else ()))
            elif over:
                await take_back_own(db, ticket)
            # Not in the same write: a crash in between forgets the tokens of this one answer.
            await count(db, spent_on(ticket), now)
            return Written(release_due=bool(ended) and not over)

    async def confirm_published(self, offers: Sequence[TicketOffer]) -> None:
        confirmed = [
            UpdateOne({"_id": offer.ticket_id, "publish_no": offer.publish_no}, {"$unset": {"unconfirmed": ""}})
            for offer in offers
        ]
        if confirmed:
            async with self._database.writing() as db:
                await db.tickets.bulk_write(confirmed, ordered=False)

    async def next_seq(self) -> int:
        async with self._database.writing() as db:
            return await next_seq(db)

    async def live_tickets(self, owner: UserId | None = None) -> list[Ticket]:
        wanted: Document = {"line.owner_id": {"$gt": ""} if owner is None else owner}
        async with self._database.reading() as db:
            found = await db.tickets.find(wanted, {"doc": 1}).to_list(None)
        return sorted(map(TICKETS.of, found), key=_oldest_first)

    async def unpublished_tickets(self, level_before: float, limit: int) -> list[Ticket]:
        # The priority is named so that the sparse index may serve the order.
        wanted = {"unconfirmed.priority": {"$gte": 0}, "unconfirmed.level_at": {"$lt": level_before}}
        return await self._listed(wanted, [("unconfirmed.priority", -1), ("unconfirmed.seq", 1)], limit)

    async def starving_tickets(self, pool: Pool, priority: int, level_before: float, limit: int) -> list[Ticket]:
        wanted = {
            "line.queued.pool": pool,
            "line.queued.priority": priority,
            "line.queued.level_at": {"$lt": level_before},
        }
        return await self._listed(wanted, [("line.queued.level_at", 1), ("line.queued.seq", 1)], limit)

    async def paused_tickets(self, due_before: float, limit: int) -> list[Ticket]:
        return await self._listed({"line.due_at": {"$lt": due_before}}, [("line.due_at", 1)], limit)

    async def overdue_tickets(self, now: float, limit: int) -> list[Ticket]:
        return await self._listed({"line.deadline_at": {"$lt": now}}, [("line.deadline_at", 1)], limit)

    async def orphaned_tickets(self, limit: int) -> list[Ticket]:
        async with self._database.reading() as db:
            # Before the leases: a worker has its own before it claims. As many as there are slots.
            running = await db.tickets.find({"line.lease": {"$gt": ""}}, {"line.lease": 1}).to_list(None)
            names = list({document["line"]["lease"] for document in running})
            now = await self._store_time(db)
            kept = db.leases.find({"_id": {"$in": names}, "expires_at": {"$gt": now}}, {"_id": 1})
            held = {document["_id"] for document in await kept.to_list(None)}
            orphans = sorted(document["_id"] for document in running if document["line"]["lease"] not in held)
            found = await db.tickets.find({"_id": {"$in": orphans[:limit]}}).to_list(None)
        return sorted(map(TICKETS.of, found), key=attrgetter("id"))

    async def dead_tickets(self, *, cursor: str | None = None, limit: int = 50) -> TicketPage:
        at, last_id = (_FOR_EVER, "") if cursor is None else decode_cursor(cursor, tuple[float, str])
        wanted = {"$or": [{"dead.at": {"$lt": at}}, {"dead.at": at, "dead.id": {"$lt": last_id}}]}
        found = await self._listed(wanted, [("dead.at", -1), ("dead.id", -1)], limit + 1)
        items = tuple(found[:limit])
        more = encode_cursor((items[-1].finished_at, items[-1].id)) if len(found) > limit else None
        return TicketPage(items=items, next=more)

    async def _listed(self, wanted: Document, order: Order, limit: int) -> list[Ticket]:
        async with self._database.reading() as db:
            found = db.tickets.find(wanted, {"doc": 1}).sort(list(order)).limit(limit)
            return [TICKETS.of(document) for document in await found.to_list(None)]


async def _carried(db: Collections, message: Message, ticket: Ticket) -> Carried:
    """With its revision, which is its number as well if it has none, and its place."""
    revision = await next_seq(db)
    numbered = message if message.seq else replace(message, seq=revision)
    return Carried(revision, numbered, await place_written(db, numbered, ticket))


def _gives_up(ticket: Ticket, messages: Sequence[Message]) -> bool:
    """Whether it ends without the answer that it was to get instead of another."""
    without = all(message.id != ticket.answer_id for message in messages)
    return ticket.instead_of is not None and ticket.state not in LIVE and without
