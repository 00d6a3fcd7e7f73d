"""The end of a conversation's current path: one position in its document, set by whoever decided last."""

import math

from msgspec.structs import replace

from tokenline.adapters.store_mongo.chat import CONVERSATIONS, MESSAGES, get_message
from tokenline.adapters.store_mongo.database import Collections, Document
from tokenline.adapters.store_mongo.places import end_below
from tokenline.contracts.chat import Conversation, Message
from tokenline.contracts.ids import BranchId, ConversationId, MessageId
from tokenline.core import tree
from tokenline.core.tree import Branch, Position


async def branches_of(db: Collections, conversation_id: ConversationId) -> dict[BranchId, Branch]:
    found = await db.branches.find({"conversation_id": conversation_id}).to_list(None)
    return {one["_id"]: Branch(id=one["_id"], parent=one["parent"], at=one["at"]) for one in found}


async def run_through(db: Collections, message: Message, seq: int) -> Conversation | None:
    """The current path through this message, and on to the newest below it; ``None``: no such conversation.

    Nothing happens when one with a higher ``seq`` was set.
    """
    leaf_id, tip = await _newest_below(db, message)
    path = {"leaf_id": leaf_id, "tip_seq": seq, "tip_branch": tip.branch, "tip_depth": tip.depth}
    while (found := await db.conversations.find_one({"_id": message.conversation_id, "deleted_at": None})) is not None:
        if found["tip_seq"] > seq:
            return CONVERSATIONS.of(found)
        # Later than before, so that of two pictures of it the newer one can be told.
        updated_at = math.nextafter(found["updated_at"], math.inf)
        as_read = {"_id": message.conversation_id, "deleted_at": None, "updated_at": found["updated_at"]}
        as_read["tip_seq"] = found["tip_seq"]
        if (await db.conversations.update_one(as_read, {"$set": {**path, "updated_at": updated_at}})).matched_count:
            return replace(CONVERSATIONS.of(found), leaf_id=leaf_id, updated_at=updated_at)
    return None


async def take_path_back(
    db: Collections, conversation_id: ConversationId, answer_id: MessageId, instead_of: MessageId
) -> None:
    """From an answer that never came to the one that it was to stand beside, if the path still ends with it."""
    conversation = await db.conversations.find_one({"_id": conversation_id, "leaf_id": answer_id})
    if conversation is None or await get_message(db, answer_id) is not None:
        return
    former = await get_message(db, instead_of)
    if former is not None:
        await run_through(db, former, conversation["tip_seq"])


async def _newest_below(db: Collections, message: Message) -> tuple[MessageId, Position]:
    start = Position(message.branch_id, message.depth)
    grown = tree.grown_from(start, await branches_of(db, message.conversation_id))
    own: Document = {"branch_id": start.branch, "depth": {"$gte": start.depth}}
    below = {"conversation_id": message.conversation_id, "$or": [own, {"branch_id": {"$in": grown}}]}
    [newest] = await db.messages.find(below, {"branch_id": 1}).sort("seq", -1).limit(1).to_list(None)
    in_branch = db.messages.find({"branch_id": newest["branch_id"]}).sort("depth", -1).limit(1)
    [last] = [MESSAGES.of(document) for document in await in_branch.to_list(None)]
    return await end_below(db, last)
