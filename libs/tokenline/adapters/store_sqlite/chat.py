"""Conversations and messages."""

import sqlite3

from msgspec.structs import replace

from tokenline.adapters.store_sqlite.documents import Documents, encode, next_seq
from tokenline.adapters.store_sqlite.part import Part
from tokenline.contracts.chat import Conversation, Message
from tokenline.contracts.ids import ConversationId, MessageId, UserId
from tokenline.core.conversation import ConversationChange, answered, changed
from tokenline.core.paging import decode_cursor, encode_cursor
from tokenline.core.ports.store import ConversationPage, MessagePage
from tokenline.core.tree import Position, alternatives_key

CONVERSATIONS = Documents(Conversation)
MESSAGES = Documents(Message)

_DELETED_AT_ONCE = 25
_OLDEST = """
    SELECT seq FROM messages INDEXED BY messages_of_conversation WHERE conversation_id = ? ORDER BY seq LIMIT ?
"""
_MAX_SEQ = 2**63 - 1

_INSERT_CONVERSATION = """
    INSERT INTO conversations (agent_id, archived, title_folded, updated_at, doc, id, owner_id, tip_branch, tip_depth)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING
"""
_UPDATE_CONVERSATION = """
    UPDATE conversations SET agent_id = ?, archived = ?, title_folded = ?, updated_at = ?, doc = ? WHERE id = ?
"""
# No message without its conversation, and never two under one id.
_INSERT_MESSAGE = """
    INSERT INTO messages (
        seq, id, conversation_id, owner_id, client_message_id, ticket_id, branch, depth, stands_for, doc
    )
    SELECT ?, ?, conversations.id, ?, ?, ?, ?, ?, ?, ? FROM conversations WHERE conversations.id = ?
    ON CONFLICT (id) DO NOTHING
"""
_UPDATE_MESSAGE = "UPDATE messages SET ticket_id = ?, doc = ? WHERE id = ?"
_DELETE_DELIVERIES = """
    DELETE FROM deliveries WHERE ticket_id IN (SELECT id FROM tickets WHERE conversation_id = ? AND live = 0)
"""
_PAGE_OF_MESSAGES = """
    SELECT doc FROM messages INDEXED BY messages_of_conversation
    WHERE conversation_id = ? AND seq < ? ORDER BY seq DESC LIMIT ?
"""


def get_conversation(connection: sqlite3.Connection, conversation_id: ConversationId) -> Conversation | None:
    return CONVERSATIONS.one(connection, "SELECT doc FROM conversations WHERE id = ?", (conversation_id,))


def get_message(connection: sqlite3.Connection, message_id: MessageId) -> Message | None:
    return MESSAGES.one(connection, "SELECT doc FROM messages WHERE id = ?", (message_id,))


def insert_conversation(
    connection: sqlite3.Connection, conversation: Conversation, tip: Position | None = None
) -> None:
    """Nothing happens when it exists. ``tip``: where its path ends, if there is one yet."""
    draft = conversation if tip else replace(conversation, leaf_id=None)
    connection.execute(_INSERT_CONVERSATION, (*_columns(draft), draft.id, draft.owner_id, *(tip or (None, None))))


def update_conversation(connection: sqlite3.Connection, conversation: Conversation) -> None:
    """Nothing happens when it does not exist."""
    connection.execute(_UPDATE_CONVERSATION, (*_columns(conversation), conversation.id))


def _columns(conversation: Conversation) -> tuple[object, ...]:
    return (
        conversation.agent_id,
        conversation.archived,
        conversation.title.casefold(),
        conversation.updated_at,
        encode(conversation),
    )


def put_message(connection: sqlite3.Connection, message: Message) -> Message | None:
    """At the place it has, or instead of the stored one, which keeps its own. Returns what is stored; ``None``: it was
    dropped, since its conversation was.
    """
    # What has no number yet is an answer, and nearly always the first under its id.
    if not message.seq and (inserted := insert_message(connection, message, next_seq(connection))):
        return inserted
    stored = get_message(connection, message.id)
    if stored is None:
        return insert_message(connection, message, message.seq) if message.seq else None
    kept = replace(message, seq=stored.seq, parent_id=stored.parent_id, branch_id=stored.branch_id, depth=stored.depth)
    put = replace(kept, feedback=stored.feedback)
    update_message(connection, put)
    return put


def update_message(connection: sqlite3.Connection, message: Message) -> None:
    """Nothing happens when it does not exist."""
    connection.execute(_UPDATE_MESSAGE, (message.ticket_id, encode(message), message.id))


def insert_message(connection: sqlite3.Connection, message: Message, seq: int) -> Message | None:
    """As it is stored; ``None``, with nothing done, when it exists or its conversation does not."""
    numbered = replace(message, seq=seq)
    inserted = connection.execute(
        _INSERT_MESSAGE,
        (
            seq,
            message.id,
            message.owner_id,
            message.client_message_id,
            message.ticket_id,
            message.branch_id,
            message.depth,
            alternatives_key(message.role, message.parent_id),
            encode(numbered),
            message.conversation_id,
        ),
    )
    if not inserted.rowcount:
        return None
    if message.role == "assistant" and (conversation := get_conversation(connection, message.conversation_id)):
        update_conversation(connection, answered(conversation, seq))
    return numbered


def _delete_some(connection: sqlite3.Connection, conversation_id: ConversationId) -> bool:
    """False: so few are left that they go with the conversation."""
    oldest = connection.execute(_OLDEST, (conversation_id, _DELETED_AT_ONCE)).fetchall()
    if len(oldest) < _DELETED_AT_ONCE:
        return False
    connection.executemany("DELETE FROM messages WHERE seq = ?", oldest)
    return True


class Chat(Part):
    async def create_conversation(self, conversation: Conversation) -> None:
        await self._database.write(lambda connection: insert_conversation(connection, conversation))

    async def get_conversation(self, conversation_id: ConversationId) -> Conversation | None:
        return await self._database.read(lambda connection: get_conversation(connection, conversation_id))

    async def change_conversation(
        self, conversation_id: ConversationId, change: ConversationChange
    ) -> Conversation | None:

        def work(connection: sqlite3.Connection) -> Conversation | None:
            stored = get_conversation(connection, conversation_id)
            if stored is None:
                return None
            after = changed(stored, change)
            if after is not stored:
                update_conversation(connection, after)
            return after

        return await self._database.write(work)

    async def delete_conversation(self, conversation_id: ConversationId) -> None:
        # 500 MB in one write took longer than a caller waits, and held up all others. Whoever dies in between leaves a
        # shorter conversation, to be deleted again.
        while await self._database.write(lambda connection: _delete_some(connection, conversation_id)):
            pass

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM conversations WHERE id = ?", (conversation_id,))
            connection.execute("DELETE FROM messages WHERE conversation_id = ?", (conversation_id,))
            connection.execute("DELETE FROM branches WHERE conversation_id = ?", (conversation_id,))
            connection.execute(_DELETE_DELIVERIES, (conversation_id,))
            connection.execute("DELETE FROM tickets WHERE conversation_id = ? AND live = 0", (conversation_id,))

        await self._database.write(work)

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
        conditions = ["owner_id = ?", "temporary = 0"]
        parameters: list[object] = [owner]
        if agent_id is not None:
            conditions.append("agent_id = ?")
            parameters.append(agent_id)
        if archived is not None:
            conditions.append("archived = ?")
            parameters.append(archived)
        if text:
            conditions.append("instr(title_folded, ?) > 0")
            parameters.append(text.casefold())
        if cursor is not None:
            conditions.append("(updated_at, id) < (?, ?)")
            parameters += decode_cursor(cursor, tuple[float, str])
        sql = f"""
            SELECT doc FROM conversations INDEXED BY conversations_of_owner WHERE {" AND ".join(conditions)}
            ORDER BY updated_at DESC, id DESC LIMIT ?
        """
        found = await self._database.scan(lambda db: CONVERSATIONS.all(db, sql, (*parameters, limit + 1)))
        items, more = tuple(found[:limit]), len(found) > limit
        last = encode_cursor((items[-1].updated_at, items[-1].id)) if more else None
        return ConversationPage(items=items, next=last)

    async def get_message(self, message_id: MessageId) -> Message | None:
        return await self._database.read(lambda connection: get_message(connection, message_id))

    async def messages(
        self, conversation_id: ConversationId, *, cursor: str | None = None, limit: int = 50
    ) -> MessagePage:
        before = _MAX_SEQ if cursor is None else min(decode_cursor(cursor, int), _MAX_SEQ)
        found = await self._database.scan(
            lambda db: MESSAGES.all(db, _PAGE_OF_MESSAGES, (conversation_id, before, limit + 1))
        )
        items, more = found[:limit], len(found) > limit
        return MessagePage(items=tuple(reversed(items)), next=encode_cursor(items[-1].seq) if more else None)
