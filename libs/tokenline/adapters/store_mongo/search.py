"""Search: folded words beside each message and title, and patterns over those of one owner."""

from tokenline.adapters.store_mongo.chat import CONVERSATIONS, MESSAGES
from tokenline.adapters.store_mongo.database import Collections, Document
from tokenline.adapters.store_mongo.part import Part
from tokenline.contracts.chat import Conversation, Message
from tokenline.contracts.ids import UserId
from tokenline.core.paging import decode_cursor, encode_cursor
from tokenline.core.ports.store.search import Found, FoundPage
from tokenline.core.search import Terms, searchable, words_of

_MAX_SEQ = 2**63 - 1


def searched_as(message: Message) -> Document:
    """What a message's document holds for the search, beside its owner. Words and spaces only: a pattern of them needs
    no escapes."""
    found = searchable(message.role, message.status)
    return {"owner_id": message.owner_id, "words": f" {words_of(message.content)}" if found else ""}


async def fill_in(db: Collections) -> None:
    """For messages and titles of versions that had no search. May be done twice, and by several at once."""
    async for document in db.messages.find({"words": {"$exists": False}, "doc": {"$exists": True}}):
        fields = searched_as(MESSAGES.of(document))
        # Whoever writes it meanwhile fills it in.
        await db.messages.update_one({"_id": document["_id"], "words": {"$exists": False}}, {"$set": fields})
    async for document in db.conversations.find({"title_words": {"$exists": False}, "doc": {"$exists": True}}):
        as_read = {"_id": document["_id"], "doc": document["doc"]}
        words = f" {words_of(CONVERSATIONS.of(document).title)}"
        await db.conversations.update_one(as_read, {"$set": {"title_words": words}})


def _patterns(field: str, terms: Terms) -> list[Document]:
    wanted: list[Document] = [{field: {"$regex": term.needle}} for term in terms.wanted]
    return wanted + [{field: {"$not": {"$regex": term.needle}}} for term in terms.unwanted]


class Search(Part):
    async def search_messages(
        self, owner: UserId, terms: Terms, *, cursor: str | None = None, limit: int = 20
    ) -> FoundPage:
        before = _MAX_SEQ if cursor is None else min(decode_cursor(cursor, int), _MAX_SEQ)
        wanted: Document = {"owner_id": owner, "seq": {"$lt": before}, "$and": _patterns("words", terms)}
        async with self._database.reading() as db:
            temporary = await db.conversations.find({"owner_id": owner, "temporary": True}, {"_id": 1}).to_list(None)
            if temporary:
                wanted["conversation_id"] = {"$nin": [document["_id"] for document in temporary]}
            latest_first = db.messages.find(wanted).sort("seq", -1).limit(limit + 1)
            messages = [MESSAGES.of(document) for document in await latest_first.to_list(None)]
            homes = {message.conversation_id for message in messages}
            known = await db.conversations.find({"_id": {"$in": sorted(homes)}, "owner_id": owner}).to_list(None)
        conversations = {document["_id"]: CONVERSATIONS.of(document) for document in known if "doc" in document}
        items = tuple(
            Found(message=message, conversation=conversations[message.conversation_id])
            for message in messages[:limit]
            if message.conversation_id in conversations
        )
        more = encode_cursor(messages[limit - 1].seq) if len(messages) > limit else None
        return FoundPage(items=items, next=more)

    async def search_titles(self, owner: UserId, terms: Terms, *, limit: int = 20) -> list[Conversation]:
        wanted = {"owner_id": owner, "temporary": {"$ne": True}, "$and": _patterns("title_words", terms)}
        async with self._database.reading() as db:
            latest_first = db.conversations.find(wanted).sort([("updated_at", -1), ("_id", -1)])
            return [CONVERSATIONS.of(document) for document in await latest_first.limit(limit).to_list(None)]

    async def tidy_search(self) -> bool:
        """The words go with their document."""
        return False
