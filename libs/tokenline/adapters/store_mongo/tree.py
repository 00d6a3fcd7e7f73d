"""A conversation's messages as a tree, and the current path through it."""

from collections.abc import Sequence

from msgspec.structs import replace

from tokenline.adapters.store_mongo.chat import MESSAGES, get_message
from tokenline.adapters.store_mongo.database import Collections
from tokenline.adapters.store_mongo.documents import next_seq
from tokenline.adapters.store_mongo.part import Part
from tokenline.adapters.store_mongo.places import Asked, place_under, put, tip_of
from tokenline.adapters.store_mongo.tips import branches_of, run_through
from tokenline.contracts.chat import Conversation, Message
from tokenline.contracts.ids import ConversationId, MessageId
from tokenline.core import tree
from tokenline.core.paging import decode_cursor, encode_cursor
from tokenline.core.ports.store import MessagePage
from tokenline.core.tree import Position

_BATCH = 32
"""Messages that come in one answer of the server when it is not known how many will be wanted."""


class Tree(Part):
    async def path(
        self,
        conversation_id: ConversationId,
        *,
        to: Message | None = None,
        cursor: str | None = None,
        limit: int = 50,
        characters: int | None = None,
    ) -> MessagePage:
        end = None if to is None else Position(to.branch_id, to.depth)
        if cursor is not None:
            end = Position(*decode_cursor(cursor, tuple[str, int]))
        async with self._database.reading() as db:
            there = end or await _tip(db, conversation_id)
            branches = {} if there.branch == conversation_id else await branches_of(db, conversation_id)
            found: list[Message] = []
            said = 0
            for branch, above, to_depth in tree.path_to(there, branches):
                wanted = {
                    "branch_id": branch,
                    "depth": {"$gt": above, "$lte": to_depth},
                    "conversation_id": conversation_id,
                }
                # All at once where all are wanted.
                batch = 0 if characters is None else _BATCH
                room = limit + 1 - len(found)
                deepest_first = db.messages.find(wanted, batch_size=batch).sort("depth", -1).limit(room)
                async for document in deepest_first:
                    if len(found) == limit or (characters is not None and said >= characters):
                        await deepest_first.close()
                        return _page(found, more=True)
                    found.append(MESSAGES.of(document))
                    said += len(found[-1].content)
            return _page(found, more=False)

    async def switch_path(self, conversation_id: ConversationId, message_id: MessageId) -> Conversation | None:
        async with self._database.writing() as db:
            message = await get_message(db, message_id)
            if message is None or message.conversation_id != conversation_id:
                return None
            return await run_through(db, message, await next_seq(db))

    async def alternatives(
        self, conversation_id: ConversationId, messages: Sequence[Message]
    ) -> dict[MessageId, tuple[MessageId, ...]]:
        keys = {tree.alternatives_key(message.role, message.parent_id) for message in messages}
        wanted = {"conversation_id": conversation_id, "stands_for": {"$in": sorted(keys)}}
        async with self._database.reading() as db:
            found = await db.messages.find(wanted, {"stands_for": 1, "seq": 1}).sort("seq", 1).to_list(None)
        keyed = [(document["stands_for"], document["_id"]) for document in found]
        return tree.alternatives(keyed, {message.id for message in messages})

    async def add_messages(self, conversation_id: ConversationId, messages: Sequence[Message]) -> bool:
        async with self._database.writing() as db:
            alive = {"_id": conversation_id, "deleted_at": None}
            if await db.conversations.find_one(alive, {"_id": 1}) is None:
                return False
            before: Message | None = None
            for message in messages:
                before = await get_message(db, message.id) or await _added(db, message, before)
            # Who deletes a conversation removes it before its messages.
            if await db.conversations.find_one(alive, {"_id": 1}) is None:
                await db.messages.delete_many({"conversation_id": conversation_id})
                await db.branches.delete_many({"conversation_id": conversation_id})
                return False
            return True


async def _tip(db: Collections, conversation_id: ConversationId) -> Position:
    conversation = await db.conversations.find_one({"_id": conversation_id, "deleted_at": None})
    return tree.start(conversation_id) if conversation is None else tip_of(conversation)


async def _added(db: Collections, message: Message, before: Message | None) -> Message:
    parent = None if message.parent_id is None else await get_message(db, message.parent_id) or before
    above = tree.start(message.conversation_id) if parent is None else Position(parent.branch_id, parent.depth)
    seq = await next_seq(db)
    numbered = replace(message, seq=seq)
    place = await put(db, numbered, seq, Asked(await place_under(db, numbered, parent.id if parent else None, above)))
    return replace(numbered, parent_id=place.parent_id, branch_id=place.branch, depth=place.depth)


def _page(newest_first: list[Message], *, more: bool) -> MessagePage:
    last = newest_first[-1] if more else None
    # Not the message itself but the place above it: whatever comes later, it leads to the same ones.
    return MessagePage(
        items=tuple(reversed(newest_first)), next=encode_cursor((last.branch_id, last.depth - 1)) if last else None
    )
