"""What a ticket's document carries until it stands where it belongs: the question or answer, a new conversation.

There are no transactions over several documents. So the one write that decides (acceptance, or the end of a ticket)
puts everything that belongs to it into the ticket's own document, and it is carried to its place afterwards: by who
wrote it, or, if that one died, by whoever next reads or changes the ticket. Each step may be done twice, and by several
at once.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from tokenline.adapters.store_mongo.attachments import bind
from tokenline.adapters.store_mongo.chat import create_conversation
from tokenline.adapters.store_mongo.database import Collections, Document
from tokenline.adapters.store_mongo.documents import encode
from tokenline.adapters.store_mongo.places import Asked, add_branch, as_document, of_document, put
from tokenline.adapters.store_mongo.tips import take_path_back
from tokenline.contracts.chat import Conversation, Message
from tokenline.contracts.ids import ConversationId, MessageId
from tokenline.contracts.tickets import Ticket
from tokenline.core.tree import Place

_conversation = msgspec.json.Decoder(Conversation).decode
_message = msgspec.json.Decoder(Message).decode


class Carried(NamedTuple):
    """A message on its way. ``revision``: a number of the store's counter."""

    revision: int
    message: Message
    asked: Asked


class NewTip(NamedTuple):
    """The end of the current path from here on, unless one of a higher ``seq`` is set. ``place``: of the answer, where
    that does not stand under the question that is carried."""

    leaf_id: MessageId
    seq: int
    place: Place | None


def carrying(
    messages: Sequence[Carried],
    now: float,
    *,
    founding: Conversation | None = None,
    tip: NewTip | None = None,
    accepted: bool = False,
    given_up: Ticket | None = None,
) -> Document:
    """What to set in the write that decides.

    ``founding``: the conversation to create. ``accepted``: the messages bring their conversation to the top of its
    list, and their files into it. ``given_up``: ended without the answer that it was to get instead of another.
    """
    return {
        "unsettled": {
            "at": now,
            "accepted": accepted,
            "founding": None if founding is None else encode(founding),
            "messages": [
                {"revision": revision, "doc": encode(message), "asked": as_document(asked)}
                for revision, message, asked in messages
            ],
            "tip": None if tip is None else _tip_document(tip),
            "given_up": None
            if given_up is None
            else [given_up.conversation_id, given_up.answer_id, given_up.instead_of],
        }
    }


def _tip_document(tip: NewTip) -> Document:
    place = None if tip.place is None else as_document(Asked(tip.place))
    return {"leaf_id": tip.leaf_id, "seq": tip.seq, "place": place}


async def settle(db: Collections, document: Document, *over: str) -> None:
    """Carry all to its place; ``document`` is a ticket's, as read. ``over``: what else it need not say any more."""
    await carry(db, document["unsettled"])
    as_read = {"_id": document["_id"], "version": document["version"]}
    if over:
        # Of a conversation that was deleted meanwhile the note alone is left, and whoever reads notes removes it.
        as_read["doc"] = {"$exists": True}
    await db.tickets.update_one(as_read, {"$unset": dict.fromkeys(("unsettled", *over), "")})


async def carry(db: Collections, unsettled: Document) -> list[Message]:
    """As `settle`, but leaves the ticket's document to the caller. Returns the messages with the places they got."""
    if unsettled["founding"] is not None:
        await create_conversation(db, _conversation(unsettled["founding"]))
    placed = []
    for carried in unsettled["messages"]:
        message = _message(carried["doc"])
        # What was accepted or answered before there were branches has no place before it is laid out.
        asked = of_document(carried["asked"]) if "asked" in carried else None
        place = await put(db, message, carried["revision"], asked)
        placed.append(replace(message, parent_id=place.parent_id, branch_id=place.branch, depth=place.depth))
        tip = await _tip(db, unsettled.get("tip"), placed[-1])
        grown = await _grown(db, unsettled, message)
        if not await _conversation_lives(db, message.conversation_id, grown, tip):
            await db.messages.delete_one({"_id": message.id})
        elif unsettled["accepted"]:
            await bind(db, message)
    if unsettled.get("given_up") is not None:
        await take_path_back(db, *unsettled["given_up"])
    return placed


async def _tip(db: Collections, tip: Document | None, question: Message) -> Document | None:
    """What to set in the conversation."""
    if tip is None:
        return None
    branch, depth = question.branch_id, question.depth + 1
    if tip["place"] is not None:
        place = of_document(tip["place"]).place
        branch, depth = place.branch, place.depth
        if place.fork is not None:
            await add_branch(db, question.conversation_id, place.fork)
    return {"leaf_id": tip["leaf_id"], "tip_seq": tip["seq"], "tip_branch": branch, "tip_depth": depth}


async def _grown(db: Collections, unsettled: Document, message: Message) -> Document:
    """What its conversation has at least, with this message in it."""
    grown: Document = {"updated_at": unsettled["at"]} if unsettled["accepted"] else {}
    if message.role == "assistant":
        # Written before, it has kept the place it had then.
        stored = await db.messages.find_one({"_id": message.id}, {"seq": 1})
        grown["answer_seq"] = message.seq if stored is None else stored["seq"]
    return grown


async def _conversation_lives(
    db: Collections, conversation_id: ConversationId, grown: Document, tip: Document | None
) -> bool:
    """To be asked after the message was written: who deletes a conversation removes it before its messages.

    ``grown``: fields that it has at least so much of from here on.
    """
    alive = {"_id": conversation_id, "deleted_at": None}
    if not grown:
        return await db.conversations.find_one(alive, {"_id": 1}) is not None
    if tip is not None:
        # In one branch the deepest is the end, in whatever order they came; between branches the last decision counts.
        branch = tip["tip_branch"]
        goes_on = {"tip_branch": branch, "tip_depth": {"$lt": tip["tip_depth"]}}
        leaves = {"tip_branch": {"$ne": branch}, "tip_seq": {"$lt": tip["tip_seq"]}}
        end = {field: value for field, value in tip.items() if field != "tip_seq"}
        change = {"$max": grown | {"tip_seq": tip["tip_seq"]}, "$set": end}
        if (await db.conversations.update_one({**alive, "$or": [goes_on, leaves]}, change)).matched_count:
            return True
    return (await db.conversations.update_one(alive, {"$max": grown})).matched_count == 1
