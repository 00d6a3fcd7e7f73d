"""Letting held tickets into the queue."""

from tokenline.adapters.store_mongo.database import Collections
from tokenline.adapters.store_mongo.documents import next_seq
from tokenline.adapters.store_mongo.gate import judge
from tokenline.adapters.store_mongo.notes import notes_before, notes_of, take_back
from tokenline.adapters.store_mongo.part import Part
from tokenline.adapters.store_mongo.rows import TICKETS, swap
from tokenline.adapters.store_mongo.settle import settle
from tokenline.contracts.ids import TicketId, UserId
from tokenline.contracts.tickets import HoldReason, Ticket, TicketState
from tokenline.core import ticket as moves


class Releasing(Part):
    async def release_held(self, owner: UserId, *, user_limit: int, now: float) -> list[Ticket]:
        async with self._database.writing() as db:
            notes = await notes_of(db, owner)
            verdict = await judge(db, owner, user_limit=user_limit, now=now)
            wanted = dict.fromkeys(verdict.broken) | verdict.reasons
            judged = [await _judged(db, ticket_id, reason, now) for ticket_id, reason in wanted.items()]
            if not verdict.pending:
                await take_back(notes)
            return [ticket for ticket in judged if ticket is not None]

    async def owners_to_release(self, due_before: float, limit: int) -> list[UserId]:
        async with self._database.reading() as db:
            await self._settle_overdue(db, due_before, limit)
            notes = await notes_before(db, due_before, limit)
            owners = list(dict.fromkeys(note.owner for note in notes))
            holding = await _holding(db, owners)
            await take_back([note for note in notes if note.owner not in holding])
            return [owner for owner in owners if owner in holding][:limit]

    async def _settle_overdue(self, db: Collections, before: float, limit: int) -> None:
        """Who wrote them would have done so by then."""
        overdue = db.tickets.find({"unsettled.at": {"$lt": before}}).sort("unsettled.at", 1).limit(limit)
        for document in await overdue.to_list(None):
            await settle(db, document)


async def _holding(db: Collections, owners: list[UserId]) -> set[UserId]:
    """Those of them who have held tickets."""
    held = {"line.owner_id": {"$in": owners}, "line.state": TicketState.HELD.value}
    found = db.tickets.aggregate([{"$match": held}, {"$group": {"_id": "$line.owner_id"}}])
    return {document["_id"] for document in await found.to_list(None)}


async def _judged(db: Collections, ticket_id: TicketId, reason: HoldReason | None, now: float) -> Ticket | None:
    """Queue it, or hold it for ``reason``; ``None`` when it is no longer held, or somebody else did so."""
    while True:
        document = await db.tickets.find_one({"_id": ticket_id})
        if document is None or "line" not in document or document["line"]["state"] != TicketState.HELD:
            return None
        if "unsettled" in document:
            await settle(db, document)
        held = TICKETS.of(document)
        if held.hold_reason is reason:
            return None
        judged = moves.queue(held, seq=await next_seq(db), now=now) if reason is None else moves.hold(held, reason)
        if await swap(db, judged, without=("due",) if reason is None else (), anew=True):
            return judged
