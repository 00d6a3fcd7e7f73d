"""Whose held tickets are to be judged again: noted in the very document whose change makes it so.

A ticket that ends, a file that was read: ``due`` is written with it, in one write. What is deleted while it carries a
note leaves a document with the note alone.
"""

from collections.abc import Sequence
from typing import NamedTuple

from tokenline.adapters.store_mongo.database import Collection, Collections, Document
from tokenline.contracts.ids import ConversationId, UserId
from tokenline.contracts.tickets import Ticket

_WITHOUT_NOTE = ("doc", "conversation_id", "asked_as", "publish_no", "dead", "unsettled", "delivery")


class Note(NamedTuple):
    """``document`` is the one that carries it, as read."""

    collection: Collection
    document: Document

    @property
    def owner(self) -> UserId:
        owner: UserId = self.document["due"]["owner_id"]
        return owner

    @property
    def at(self) -> float:
        at: float = self.document["due"]["at"]
        return at


def release_due(owner: UserId, now: float) -> Document:
    """What to set in the write that ends a ticket, or the reading of a file."""
    return {"due": {"owner_id": owner, "at": now}}


async def notes_of(db: Collections, owner: UserId) -> list[Note]:
    return [
        Note(collection, document)
        for collection in (db.tickets, db.attachments)
        for document in await collection.find({"due.owner_id": owner}).to_list(None)
    ]


async def notes_before(db: Collections, before: float, limit: int) -> list[Note]:
    """The oldest first."""
    notes = [
        Note(collection, document)
        for collection in (db.tickets, db.attachments)
        for document in await collection.find({"due.at": {"$lt": before}}).sort("due.at", 1).limit(limit).to_list(None)
    ]
    return sorted(notes, key=lambda note: note.at)


async def take_back(notes: Sequence[Note]) -> None:
    """Those that stand as they were read: one that was written anew meanwhile is due again."""
    for collection in {note.collection for note in notes}:
        documents = [note.document for note in notes if note.collection == collection]
        these = {"$or": [{"_id": document["_id"], "version": document["version"]} for document in documents]}
        await collection.update_many({**these, "doc": {"$exists": True}}, {"$unset": {"due": ""}})
        if any("doc" not in document for document in documents):
            await collection.delete_many({**these, "doc": {"$exists": False}})


async def take_back_own(db: Collections, ended: Ticket) -> None:
    """The one in this ticket, by who has just written it."""
    as_written = {"_id": ended.id, "version": ended.version, "doc": {"$exists": True}}
    await db.tickets.update_one(as_written, {"$unset": {"due": ""}})


async def forget_ended(db: Collections, conversation_id: ConversationId) -> None:
    """Delete the conversation's ended tickets, but for the notes in them."""
    ended = {"conversation_id": conversation_id, "line": {"$exists": False}}
    await db.tickets.update_many({**ended, "due": {"$exists": True}}, {"$unset": dict.fromkeys(_WITHOUT_NOTE, "")})
    await db.tickets.delete_many({**ended, "due": {"$exists": False}})
