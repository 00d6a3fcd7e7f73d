"""Attachments, and how a question takes them into its conversation."""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from tokenline.adapters.store_mongo.database import Collections, Document
from tokenline.adapters.store_mongo.documents import Documents, encode, insert_new
from tokenline.adapters.store_mongo.notes import release_due
from tokenline.adapters.store_mongo.part import Part
from tokenline.contracts.attachments import READ, Attachment, AttachmentState
from tokenline.contracts.chat import Message
from tokenline.contracts.errors import Conflict, FileGone
from tokenline.contracts.ids import AttachmentId, ConversationId

ATTACHMENTS = Documents(Attachment)


def _fields(attachment: Attachment) -> tuple[Document, Document]:
    """What to set and what to unset. ``unread_since`` is there while a job is to read it, ``fetch_due_at`` while it is
    fetched, ``unsent_since`` until a question takes it."""
    wanted: Document = {
        "owner_id": attachment.owner_id,
        "version": attachment.version,
        "conversation_id": attachment.conversation_id,
        "state": attachment.state.value,
        "created_at": attachment.created_at,
        "doc": encode(attachment),
    }
    unread = attachment.state not in READ and attachment.state is not AttachmentState.UPLOADING
    while_it_is: Document = {
        "unread_since": attachment.created_at if unread else None,
        "fetch_due_at": attachment.fetch_due_at,
        "unsent_since": attachment.created_at if attachment.conversation_id is None else None,
    }
    there = {name: value for name, value in while_it_is.items() if value is not None}
    return wanted | there, {name: "" for name in while_it_is if name not in there}


async def _replace(db: Collections, attachment: Attachment, also: Document) -> bool:
    wanted, unwanted = _fields(attachment)
    change: Document = {"$set": wanted | also}
    if unwanted:
        change["$unset"] = unwanted
    before = {"_id": attachment.id, "version": attachment.version - 1}
    return (await db.attachments.update_one(before, change)).matched_count == 1


async def _get(db: Collections, attachment_id: AttachmentId) -> Attachment | None:
    return ATTACHMENTS.maybe(await db.attachments.find_one({"_id": attachment_id}))


async def attachments_of(db: Collections, conversation_id: ConversationId) -> list[Attachment]:
    theirs = db.attachments.find({"conversation_id": conversation_id})
    found = await theirs.sort([("created_at", 1), ("_id", 1)]).to_list(None)
    return [ATTACHMENTS.of(document) for document in found]


async def check(db: Collections, question: Message) -> None:
    """Raises `FileGone` when some are not the owner's (any more), `Conflict` when one belongs to another conversation.

    One that is about to expire can be taken by whoever has passed here before, see `bind`.
    """
    if not question.attachment_ids:
        return
    theirs = {"_id": {"$in": list(question.attachment_ids)}, "owner_id": question.owner_id, "doc": {"$exists": True}}
    documents = {document["_id"]: document for document in await db.attachments.find(theirs).to_list(None)}
    found = {
        id_: ATTACHMENTS.of(document)
        for id_, document in documents.items()
        if document["conversation_id"] is not None or "expired_at" not in document
    }
    if gone := [attachment_id for attachment_id in question.attachment_ids if attachment_id not in found]:
        raise FileGone(attachment_ids=gone)
    for attachment in found.values():
        if attachment.conversation_id not in (None, question.conversation_id):
            raise Conflict("This file belongs to another conversation.", attachment_id=attachment.id)


async def bind(db: Collections, question: Message) -> None:
    """Take the question's files into its conversation: those that belong to none yet."""
    for attachment_id in question.attachment_ids:
        bound = False
        while not bound:
            attachment = await _get(db, attachment_id)
            if attachment is None or attachment.conversation_id is not None:
                break
            changed = replace(attachment, conversation_id=question.conversation_id, version=attachment.version + 1)
            bound = await _replace(db, changed, {})


async def unread(db: Collections, attachment_ids: Iterable[AttachmentId]) -> set[AttachmentId]:
    """Those that are still being read; a deleted one is not."""
    wanted = list(attachment_ids)
    if not wanted:
        return set()
    states = [state.value for state in AttachmentState if state not in READ]
    found = db.attachments.find({"_id": {"$in": wanted}, "state": {"$in": states}}, {"_id": 1})
    return {document["_id"] for document in await found.to_list(None)}


class Attachments(Part):
    async def add_attachment(self, attachment: Attachment) -> None:
        async with self._database.writing() as db:
            await insert_new(db.attachments, {"_id": attachment.id, **_fields(attachment)[0]})

    async def get_attachment(self, attachment_id: AttachmentId) -> Attachment | None:
        async with self._database.reading() as db:
            return await _get(db, attachment_id)

    async def replace_attachment(self, attachment: Attachment) -> bool:
        due = release_due(attachment.owner_id, self._clock.now()) if attachment.state in READ else {}
        async with self._database.writing() as db:
            return await _replace(db, attachment, due)

    async def delete_attachment(self, attachment_id: AttachmentId) -> None:
        async with self._database.writing() as db:
            attachment = await _get(db, attachment_id)
            if attachment is not None:
                # A question may be waiting for it. No version of it comes before this one.
                note = {"version": -1, **release_due(attachment.owner_id, self._clock.now())}
                await db.attachments.replace_one({"_id": attachment_id}, note)

    async def attachments(self, attachment_ids: Sequence[AttachmentId]) -> list[Attachment]:
        async with self._database.reading() as db:
            found = await db.attachments.find({"_id": {"$in": list(attachment_ids)}}).to_list(None)
        by_id = {document["_id"]: ATTACHMENTS.of(document) for document in found if "doc" in document}
        return [by_id[i] for i in attachment_ids if i in by_id]

    async def attachments_of(self, conversation_id: ConversationId) -> list[Attachment]:
        async with self._database.reading() as db:
            return await attachments_of(db, conversation_id)

    async def unindexed_attachments(self, created_before: float, limit: int) -> list[Attachment]:
        async with self._database.reading() as db:
            oldest_first = db.attachments.find({"unread_since": {"$lt": created_before}}).sort("unread_since", 1)
            return [ATTACHMENTS.of(document) for document in await oldest_first.limit(limit).to_list(None)]

    async def due_fetches(self, now: float, limit: int) -> list[Attachment]:
        async with self._database.reading() as db:
            longest_first = db.attachments.find({"fetch_due_at": {"$lte": now}}).sort("fetch_due_at", 1)
            return [ATTACHMENTS.of(document) for document in await longest_first.limit(limit).to_list(None)]
