"""Conversations from before there were branches: what there is becomes one path, once, when the schema moves on."""

from collections.abc import Iterator

from msgspec.structs import replace
from pymongo import UpdateOne

from tokenline.adapters.store_mongo.chat import MESSAGES, no_path
from tokenline.adapters.store_mongo.database import Collections, Database
from tokenline.adapters.store_mongo.places import add_branch, end_below, in_place
from tokenline.adapters.store_mongo.settle import settle
from tokenline.contracts.chat import Message
from tokenline.contracts.ids import ConversationId, MessageId
from tokenline.core import tree
from tokenline.core.tree import Place

_AT_ONCE = 100
_WITHOUT_PATH = {"tip_seq": {"$exists": False}, "deleted_at": None}


async def lay_out(database: Database) -> None:
    """May be done again, and by several at once: they come to the same. Each step has the limit of one call."""
    found = True
    while found:
        async with database.writing() as db:
            # What is still on its way to a conversation belongs into its path.
            carried = await db.tickets.find({"unsettled.at": {"$gt": 0}}).limit(_AT_ONCE).to_list(None)
            for ticket in carried:
                await settle(db, ticket)
            found = bool(carried)
    found = True
    while found:
        async with database.reading() as db:
            some = await db.conversations.find(_WITHOUT_PATH, {"_id": 1}).limit(_AT_ONCE).to_list(None)
        for conversation in some:
            async with database.writing() as db:
                await _lay_out(db, conversation["_id"])
        found = bool(some)


async def _lay_out(db: Collections, conversation_id: ConversationId) -> None:
    found = db.messages.find({"conversation_id": conversation_id}).sort("seq", 1)
    # Their texts are not needed, and may be long.
    messages = [replace(MESSAGES.of(document), content="") async for document in found]
    writes, end = [], None
    for message, place in _places(messages):
        if place.fork is not None:
            await add_branch(db, conversation_id, place.fork)
        placed = replace(message, parent_id=place.parent_id, branch_id=place.branch, depth=place.depth)
        writes.append(UpdateOne({"_id": message.id, "place": {"$exists": False}}, {"$set": in_place(placed)}))
        end = end if place.fork is not None else placed
    if writes:
        await db.messages.bulk_write(writes, ordered=False)
    tip = no_path(conversation_id)
    if end is not None:
        leaf_id, (branch, depth) = await end_below(db, end)
        tip |= {"leaf_id": leaf_id, "tip_branch": branch, "tip_depth": depth}
    await db.conversations.update_one({"_id": conversation_id, **_WITHOUT_PATH}, {"$set": tip})


def _places(messages: list[Message]) -> Iterator[tuple[Message, Place]]:
    """Question by question with its answer under it, also where that is still to come. Of further answers to the same
    question, should there be any, each gets a branch of its own. An answer without a question stands for itself."""
    asked = {message.id: message for message in messages if message.role != "assistant"}
    answers: dict[MessageId, list[Message]] = {}
    for message in messages:
        if message.role == "assistant":
            answers.setdefault(message.parent_id if message.parent_id in asked else message.id, []).append(message)
    above: MessageId | None = None
    depth = 0
    for first in messages:
        here = answers.get(first.id, [])
        if first.role != "assistant":
            yield first, Place(above, first.conversation_id, depth)
            # The one of its latest ticket, or else the latest.
            here.sort(key=lambda answer: (answer.ticket_id == first.ticket_id, answer.seq), reverse=True)
            above = first.id
        elif not here:
            continue
        for n, answer in enumerate(here):
            place = Place(answer.parent_id, answer.conversation_id, depth + 1)
            above = above if n else answer.id
            yield answer, tree.forked(answer.id, answer.parent_id, place.branch, place.depth) if n else place
        depth += 2
