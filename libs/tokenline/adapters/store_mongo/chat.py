"""Conversations and messages.

A deleted conversation leaves its id and the hour: whoever was about to write into it can still see that it is gone.
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from tokenline.adapters.store_mongo.database import Collections, Document
from tokenline.adapters.store_mongo.documents import Documents, encode, insert_new
from tokenline.adapters.store_mongo.notes import forget_ended
from tokenline.adapters.store_mongo.part import Part
from tokenline.contracts.chat import Conversation, Message
from tokenline.contracts.feedback import RatedAnswer
from tokenline.contracts.ids import ConversationId, MessageId, UserId
from tokenline.core.conversation import ConversationChange, changed
from tokenline.core.paging import decode_cursor, encode_cursor
from tokenline.core.ports.store import ConversationPage, MessagePage
from tokenline.core.search import words_of
from tokenline.core.tree import TOP


class _Messages(Documents[Message]):
    """Feedback stands beside the message, which may be written anew."""

    def of(self, found: Mapping[str, Any]) -> Message:
        message = super().of(found)
        return replace(message, feedback=_rated(found["feedback"]["doc"]).feedback) if "feedback" in found else message


CONVERSATIONS = Documents(Conversation, "updated_at", "leaf_id", "answer_seq")
MESSAGES = _Messages(Message, "seq", "parent_id", "branch_id", "depth")

_MAX_SEQ = 2**63 - 1
# Far longer than any write that began before the deletion.
_REMEMBER_DELETED_S = 3600.0
_SPECIAL = re.compile(r"[\\^$.|?*+()\[\]{}]")
_rated = msgspec.json.Decoder(RatedAnswer).decode


async def create_conversation(db: Collections, conversation: Conversation) -> None:
    """Nothing happens when it exists, or did."""
    await insert_new(
        db.conversations,
        {
            "_id": conversation.id,
            "owner_id": conversation.owner_id,
            "updated_at": conversation.updated_at,
            **no_path(conversation.id),
            **_fields(conversation),
        },
    )


def no_path(conversation_id: ConversationId) -> Document:
    """The tip of a conversation without messages; ``tip_seq`` orders those who set it."""
    return {"leaf_id": None, "tip_seq": 0, "tip_branch": conversation_id, "tip_depth": TOP}


async def get_conversation(db: Collections, conversation_id: ConversationId) -> Conversation | None:
    return CONVERSATIONS.maybe(await db.conversations.find_one({"_id": conversation_id}))


async def get_message(db: Collections, message_id: MessageId) -> Message | None:
    return MESSAGES.maybe(await db.messages.find_one({"_id": message_id}))


def _fields(conversation: Conversation) -> Document:
    return {
        "agent_id": conversation.agent_id,
        "archived": conversation.archived,
        "title_folded": conversation.title.casefold(),
        "title_words": f" {words_of(conversation.title)}",
        "doc": encode(conversation),
        **({"temporary": True} if conversation.temporary else {}),
    }


def _containing(text: str) -> Document:
    # A pattern cannot hold the character NUL.
    return {"$regex": _SPECIAL.sub(r"\\\g<0>", text).replace("\0", ".")}


class Chat(Part):
    async def create_conversation(self, conversation: Conversation) -> None:
        async with self._database.writing() as db:
            await create_conversation(db, conversation)

    async def get_conversation(self, conversation_id: ConversationId) -> Conversation | None:
        async with self._database.reading() as db:
            return await get_conversation(db, conversation_id)

    async def change_conversation(
        self, conversation_id: ConversationId, change: ConversationChange
    ) -> Conversation | None:
        async with self._database.writing() as db:
            while found := await db.conversations.find_one({"_id": conversation_id, "deleted_at": None}):
                stored = CONVERSATIONS.of(found)
                after = changed(stored, change)
                if after is stored:
                    return stored
                as_read = {"_id": conversation_id, "doc": found["doc"]}
                update = {"$set": _fields(after), "$max": {"updated_at": after.updated_at}}
                if (await db.conversations.update_one(as_read, update)).matched_count:
                    return after
            return None

    async def delete_conversation(self, conversation_id: ConversationId) -> None:
        async with self._database.writing() as db:
            now = self._clock.now()
            # First, so that a message which comes too late finds nothing to belong to.
            await db.conversations.replace_one({"_id": conversation_id}, {"deleted_at": now})
            await db.messages.delete_many({"conversation_id": conversation_id})
            await db.branches.delete_many({"conversation_id": conversation_id})
            await db.shares.delete_many({"conversation_id": conversation_id})
            await forget_ended(db, conversation_id)
            await db.conversations.delete_many({"deleted_at": {"$lt": now - _REMEMBER_DELETED_S}})

    async def list_conversations(
        self,
        owner: UserId,
        *,
        agent_id: str | None = None,
        archived: bool | None = None,
        text: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> ConversationPage:
        wanted: Document = {"owner_id": owner, "temporary": {"$ne": True}}
        if agent_id is not None:
            wanted["agent_id"] = agent_id
        if archived is not None:
            wanted["archived"] = archived
        if text:
            wanted["title_folded"] = _containing(text.casefold())
        if cursor is not None:
            updated_at, last_id = decode_cursor(cursor, tuple[float, str])
            wanted["$or"] = [
                {"updated_at": {"$lt": updated_at}},
                {"updated_at": updated_at, "_id": {"$lt": last_id}},
            ]
        async with self._database.reading() as db:
            latest_first = db.conversations.find(wanted).sort([("updated_at", -1), ("_id", -1)])
            found = [CONVERSATIONS.of(document) for document in await latest_first.limit(limit + 1).to_list(None)]
        items, more = tuple(found[:limit]), len(found) > limit
        last = encode_cursor((items[-1].updated_at, items[-1].id)) if more else None
        return ConversationPage(items=items, next=last)

    async def get_message(self, message_id: MessageId) -> Message | None:
        async with self._database.reading() as db:
            return await get_message(db, message_id)

    async def messages(
        self, conversation_id: ConversationId, *, cursor: str | None = None, limit: int = 50
    ) -> MessagePage:
        before = _MAX_SEQ if cursor is None else min(decode_cursor(cursor, int), _MAX_SEQ)
        async with self._database.reading() as db:
            wanted = {"conversation_id": conversation_id, "seq": {"$lt": before}}
            newest_first = db.messages.find(wanted).sort("seq", -1).limit(limit + 1)
            found = [MESSAGES.of(document) for document in await newest_first.to_list(None)]
        items, more = found[:limit], len(found) > limit
        return MessagePage(items=tuple(reversed(items)), next=encode_cursor(items[-1].seq) if more else None)
