"""Where messages stand in their conversation's tree, and its current path."""

import math
import sqlite3
from collections.abc import Sequence

from msgspec.structs import replace

from tokenline.adapters.store_sqlite.chat import (
    MESSAGES,
    get_conversation,
    get_message,
    insert_message,
)
from tokenline.adapters.store_sqlite.documents import as_list, encode, next_seq
from tokenline.adapters.store_sqlite.part import Part
from tokenline.contracts.chat import Conversation, Message
from tokenline.contracts.errors import BadRequest, NotFound
from tokenline.contracts.ids import BranchId, ConversationId, MessageId
from tokenline.contracts.tickets import Ticket
from tokenline.core import tree
from tokenline.core.paging import decode_cursor, encode_cursor
from tokenline.core.ports.store import MessagePage
from tokenline.core.tree import Branch, Place, Position

_REACH = """
    SELECT doc FROM messages INDEXED BY messages_placed
    WHERE branch = ? AND depth > ? AND depth <= ? AND conversation_id = ? ORDER BY depth DESC LIMIT ?
"""
_ALTERNATIVES = """
    SELECT stands_for, id FROM messages INDEXED BY messages_standing_for
    WHERE conversation_id = ? AND stands_for IN (SELECT value FROM json_each(?)) ORDER BY stands_for, seq
"""
_BELOW = "SELECT 1 FROM messages WHERE branch = ? AND depth > ? LIMIT 1"
_TAKEN = "SELECT 1 FROM messages WHERE branch = ? AND depth = ?"
_NEWEST = """
    SELECT branch FROM messages INDEXED BY messages_placed
    WHERE (branch = ? AND depth >= ?) OR branch IN (SELECT value FROM json_each(?)) ORDER BY seq DESC LIMIT 1
"""
_LAST = "SELECT doc FROM messages WHERE branch = ? ORDER BY depth DESC LIMIT 1"
_UPDATE_PATH = "UPDATE conversations SET updated_at = ?, doc = ?, tip_branch = ?, tip_depth = ? WHERE id = ?"
_INSERT_BRANCH = (
    "INSERT INTO branches (id, conversation_id, parent, at) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING"
)


# ── branches and the tip ─────────────────────────────────────────────────────────────────────────────────────────────


def branches_of(connection: sqlite3.Connection, conversation_id: ConversationId) -> dict[BranchId, Branch]:
    found = connection.execute("SELECT id, parent, at FROM branches WHERE conversation_id = ?", (conversation_id,))
    return {branch: Branch(id=branch, parent=parent, at=at) for branch, parent, at in found}


def tip_of(connection: sqlite3.Connection, conversation_id: ConversationId) -> Position:
    """Where the current path ends, be the message there written or not."""
    row = connection.execute(
        "SELECT tip_branch, tip_depth FROM conversations WHERE id = ?", (conversation_id,)
    ).fetchone()
    return tree.start(conversation_id) if row is None or row[0] is None else Position(*row)


def update_path(connection: sqlite3.Connection, conversation: Conversation, tip: Position) -> None:
    """Its ``leaf_id``, which stands or will stand at ``tip``, and ``updated_at``."""
    connection.execute(_UPDATE_PATH, (conversation.updated_at, encode(conversation), *tip, conversation.id))


def add_branch(connection: sqlite3.Connection, conversation_id: ConversationId, branch: Branch) -> None:
    connection.execute(_INSERT_BRANCH, (branch.id, conversation_id, branch.parent, branch.at))


def run_through(connection: sqlite3.Connection, conversation: Conversation, message: Message) -> Conversation:
    """The current path through this message, and on to the newest below it."""
    start = Position(message.branch_id, message.depth)
    grown = tree.grown_from(start, branches_of(connection, conversation.id))
    [branch] = connection.execute(_NEWEST, (*start, as_list(grown))).fetchone()
    last = MESSAGES.one(connection, _LAST, (branch,)) or message
    leaf_id, tip = _end_below(connection, last)
    after = replace(conversation, leaf_id=leaf_id, updated_at=math.nextafter(conversation.updated_at, math.inf))
    update_path(connection, after, tip)
    return after


def _end_below(connection: sqlite3.Connection, last: Message) -> tuple[MessageId, Position]:
    """The end of a path whose last message this is: under a question stands its answer, though not written yet."""
    if last.role == "assistant":
        return last.id, Position(last.branch_id, last.depth)
    answer_id, _ = _answer_to(connection, last)
    return answer_id or last.id, Position(last.branch_id, last.depth + 1)


def _answer_to(connection: sqlite3.Connection, question: Message) -> tuple[MessageId | None, bool]:
    """The id that the answer has or will have, and whether it has a branch of its own."""
    row = connection.execute(
        "SELECT doc ->> '$.answer_id', doc ->> '$.instead_of' IS NOT NULL FROM tickets WHERE id = ?",
        (question.ticket_id,),
    ).fetchone()
    if row is not None:
        return row[0], bool(row[1])
    key = tree.alternatives_key("assistant", question.id)
    answers = connection.execute(_ALTERNATIVES, (question.conversation_id, as_list([key]))).fetchall()
    return (answers[-1][1] if answers else None), False


def take_path_back(connection: sqlite3.Connection, ended: Ticket) -> None:
    """From an answer that never came to the one that it was to stand beside, if the path still ends with it."""
    if ended.instead_of is None or get_message(connection, ended.answer_id) is not None:
        return
    conversation = get_conversation(connection, ended.conversation_id)
    former = get_message(connection, ended.instead_of)
    if conversation is not None and former is not None and conversation.leaf_id == ended.answer_id:
        run_through(connection, conversation, former)


# ── places ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def first_place(question: Message) -> Place:
    """Of a question that founds its conversation."""
    above = tree.start(question.conversation_id)
    return Place(None, above.branch, tree.below(above.depth, question.role))


def place_question(
    connection: sqlite3.Connection,
    conversation: Conversation,
    question: Message,
    *,
    after: MessageId | None,
    instead_of: MessageId | None,
) -> Place:
    """Raises `NotFound` when a message that is named is not in the conversation, `BadRequest` for no question."""
    if instead_of is not None:
        former = _of_conversation(connection, conversation.id, instead_of)
        if former.role != "user":
            raise BadRequest("Only a question can be asked in another way.")
        return tree.forked(question.id, former.parent_id, former.branch_id, former.depth)
    if after is None or after == conversation.leaf_id:
        return _under(connection, question, conversation.leaf_id, tip_of(connection, conversation.id))
    above = _of_conversation(connection, conversation.id, after)
    if above.role == "user":
        answer_id, apart = _answer_to(connection, above)
        answer = get_message(connection, answer_id) if answer_id else None
        if answer is None:
            branch = answer_id if apart and answer_id else above.branch_id
            return _under(connection, question, answer_id or above.id, Position(branch, above.depth + 1))
        above = answer
    return _under(connection, question, above.id, Position(above.branch_id, above.depth))


def place_answer(connection: sqlite3.Connection, answer: Message, ticket: Ticket) -> Message:
    """With its place under the ticket's question; as it is, if it has one."""
    if answer.branch_id or answer.role != "assistant":
        return answer
    question = get_message(connection, ticket.question_id)
    if question is None:
        place = tree.forked(answer.id, None, answer.conversation_id, tree.below(tree.TOP, "assistant"))
    elif ticket.instead_of is not None and answer.id == ticket.answer_id:
        place = alternative(ticket, question)
    else:
        place = _under(connection, answer, question.id, Position(question.branch_id, question.depth))
    return put_in_place(connection, answer, place)


def alternative(ticket: Ticket, question: Message) -> Place:
    """Of the answer that this ticket is to get instead of another."""
    return tree.forked(ticket.answer_id, question.id, question.branch_id, tree.below(question.depth, "assistant"))


def put_in_place(connection: sqlite3.Connection, message: Message, place: Place) -> Message:
    """Makes the branch, if it needs one; the message is the caller's to write."""
    if place.fork is not None:
        add_branch(connection, message.conversation_id, place.fork)
    return replace(message, parent_id=place.parent_id, branch_id=place.branch, depth=place.depth)


def _under(connection: sqlite3.Connection, message: Message, parent_id: MessageId | None, above: Position) -> Place:
    """In the branch if there is room in it, or else in one of its own."""
    depth = tree.below(above.depth, message.role)
    # An answer may come after what was asked below it; a question stands at the end of its branch.
    room = (_TAKEN, depth) if message.role == "assistant" else (_BELOW, above.depth)
    if connection.execute(room[0], (above.branch, room[1])).fetchone() is not None:
        return tree.forked(message.id, parent_id, above.branch, depth)
    return Place(parent_id, above.branch, depth)


def _of_conversation(connection: sqlite3.Connection, conversation_id: ConversationId, message_id: MessageId) -> Message:
    message = get_message(connection, message_id)
    if message is None or message.conversation_id != conversation_id:
        raise NotFound
    return message


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

        def work(connection: sqlite3.Connection) -> MessagePage:
            there = end or tip_of(connection, conversation_id)
            branches = {} if there.branch == conversation_id else branches_of(connection, conversation_id)
            found: list[Message] = []
            said = 0
            for reach in tree.path_to(there, branches):
                rows = connection.execute(_REACH, (*reach, conversation_id, limit + 1 - len(found)))
                for message in map(MESSAGES.of_row, rows):
                    if len(found) == limit or (characters is not None and said >= characters):
                        rows.close()
                        return _page(found, more=True)
                    found.append(message)
                    said += len(message.content)
            return _page(found, more=False)

        return await self._database.scan(work)

    async def switch_path(self, conversation_id: ConversationId, message_id: MessageId) -> Conversation | None:
        def work(connection: sqlite3.Connection) -> Conversation | None:
            conversation, message = get_conversation(connection, conversation_id), get_message(connection, message_id)
            if conversation is None or message is None or message.conversation_id != conversation_id:
                return None
            return run_through(connection, conversation, message)

        return await self._database.write(work)

    async def alternatives(
        self, conversation_id: ConversationId, messages: Sequence[Message]
    ) -> dict[MessageId, tuple[MessageId, ...]]:
        keys = {tree.alternatives_key(message.role, message.parent_id) for message in messages}
        found = await self._database.read(
            lambda db: db.execute(_ALTERNATIVES, (conversation_id, as_list(sorted(keys)))).fetchall()
        )
        asked = {message.id for message in messages}
        return tree.alternatives(found, asked)

    async def add_messages(self, conversation_id: ConversationId, messages: Sequence[Message]) -> bool:
        def work(connection: sqlite3.Connection) -> bool:
            if get_conversation(connection, conversation_id) is None:
                return False
            before: Message | None = None
            for message in messages:
                before = get_message(connection, message.id) or _added(connection, message, before)
            return True

        return await self._database.write(work)


def _added(connection: sqlite3.Connection, message: Message, before: Message | None) -> Message:
    parent = None if message.parent_id is None else get_message(connection, message.parent_id) or before
    above = tree.start(message.conversation_id) if parent is None else Position(parent.branch_id, parent.depth)
    place = _under(connection, message, parent.id if parent else None, above)
    placed = put_in_place(connection, message, place)
    insert_message(connection, placed, next_seq(connection))
    return placed


def _page(newest_first: list[Message], *, more: bool) -> MessagePage:
    last = newest_first[-1] if more else None
    # Not the message itself but the place above it: whatever comes later, it leads to the same ones.
    return MessagePage(
        items=tuple(reversed(newest_first)), next=encode_cursor((last.branch_id, last.depth - 1)) if last else None
    )
