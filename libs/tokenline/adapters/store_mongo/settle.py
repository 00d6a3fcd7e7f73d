"""What a ticket's document carries until it stands where it belongs: the question or answer, a new conversation.

There are no transactions over several documents. So the one write that decides (acceptance, or the end of a ticket)
puts everything that belongs to it into the ticket's own document, and it is carried to its place afterwards: by who
wrote it, or, if that one died, by whoever next reads or changes the ticket. Each step may be done twice, and by several
at once.
"""

from collections.abc import Sequence

import msgspec

from tokenline.adapters.store_mongo.attachments import bind
from tokenline.adapters.store_mongo.chat import create_conversation
from tokenline.adapters.store_mongo.database import Collections, Document
from tokenline.adapters.store_mongo.documents import encode, insert_new
from tokenline.contracts.chat import Conversation, Message
from tokenline.contracts.ids import ConversationId

_conversation = msgspec.json.Decoder(Conversation).decode
_message = msgspec.json.Decoder(Message).decode


def carrying(
    messages: Sequence[tuple[int, Message]], now: float, *, founding: Conversation | None = None, accepted: bool = False
) -> Document:
    """What to set in the write that decides. Of each message also its revision, a number of the store's counter.

    ``founding``: the conversation to create. ``accepted``: the messages bring their conversation to the top of its
    list, and their files into it.
    """
    return {
        "unsettled": {
            "at": now,
            "accepted": accepted,
            "founding": None if founding is None else encode(founding),
            "messages": [{"revision": revision, "doc": encode(message)} for revision, message in messages],
        }
    }


async def settle(db: Collections, document: Document) -> None:
    """Carry all to its place; ``document`` is a ticket's, as read."""
    await carry(db, document["unsettled"])
    await db.tickets.update_one({"_id": document["_id"], "version": document["version"]}, {"$unset": {"unsettled": ""}})


async def carry(db: Collections, unsettled: Document) -> None:
    """As `settle`, but leaves the ticket's document to the caller."""
    if unsettled["founding"] is not None:
        await create_conversation(db, _conversation(unsettled["founding"]))
    for carried in unsettled["messages"]:
        message = _message(carried["doc"])
        await _put(db, message, carried["revision"])
        risen_at = unsettled["at"] if unsettled["accepted"] else None
        if not await _conversation_lives(db, message.conversation_id, risen_at):
            await db.messages.delete_one({"_id": message.id})
        elif unsettled["accepted"]:
            await bind(db, message)


async def _put(db: Collections, message: Message, revision: int) -> None:
    """At the end of its conversation, or in place of the stored one unless that is newer."""
    fields = {"revision": revision, "doc": encode(message)}
    place = {"conversation_id": message.conversation_id, "seq": message.seq}
    if not await insert_new(db.messages, {"_id": message.id, **place, **fields}):
        await db.messages.update_one({"_id": message.id, "revision": {"$lt": revision}}, {"$set": fields})


async def _conversation_lives(db: Collections, conversation_id: ConversationId, risen_at: float | None) -> bool:
    """To be asked after the message was written: who deletes a conversation removes it before its messages.

    ``risen_at``: when it came to the top of its list.
    """
    alive = {"_id": conversation_id, "deleted_at": None}
    if risen_at is None:
        return await db.conversations.find_one(alive, {"_id": 1}) is not None
    return (await db.conversations.update_one(alive, {"$max": {"updated_at": risen_at}})).matched_count == 1
