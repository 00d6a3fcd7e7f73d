"""What was written before conversations had branches becomes one path in each, on both engines."""

import sqlite3
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from pymongo import MongoClient

from tests.support.drafts import a_conversation, a_question, a_ticket, an_answer
from tests.support.stores import open_store
from tokenline.adapters.store_sqlite.migrations import MIGRATIONS
from tokenline.contracts.base import to_json
from tokenline.contracts.chat import Conversation, Message
from tokenline.contracts.tickets import Ticket, TicketState, Usage
from tokenline.core import ticket as moves
from tokenline.core.clock import ManualClock

BEFORE = 4
"""Migrations of 0.3, the last version without."""


class Old:
    """A conversation as 0.3 kept it: questions in the order of asking, answers in that of their end."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.conversation = a_conversation(clock, title="Old")
        self.messages: list[Message] = []
        self.tickets: list[Ticket] = []

    def ask(self, text: str) -> Ticket:
        ticket = a_ticket(self.clock, self.conversation)
        self._say(a_question(self.clock, ticket, content=text))
        self.tickets.append(ticket)
        return ticket

    def answer(self, ticket: Ticket, text: str, **changes: Any) -> None:
        self._say(an_answer(self.clock, ticket, content=text, **changes))

    def _say(self, message: Message) -> None:
        self.messages.append(replace(message, seq=len(self.messages) + 1))


def old_shape(value: Message | Conversation | Ticket) -> str:
    fields = msgspec.to_builtins(value)
    for later in ("branch_id", "depth", "leaf_id", "instead_of"):
        fields.pop(later, None)
    return to_json(fields).decode()


def write_sqlite(path: Path, old: Old) -> None:
    path.parent.mkdir(parents=True)
    with sqlite3.connect(path) as connection:
        for migration in MIGRATIONS[:BEFORE]:
            for statement in migration:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {BEFORE}")
        connection.execute("UPDATE counters SET value = 100 WHERE name = 'seq'")
        one = old.conversation
        connection.execute(
            "INSERT INTO conversations VALUES (?, ?, ?, 0, ?, ?, ?)",
            (one.id, one.owner_id, one.agent_id, "old", one.updated_at, old_shape(one)),
        )
        for m in old.messages:
            row = (m.seq, m.id, m.conversation_id, m.owner_id, m.client_message_id, m.ticket_id, old_shape(m))
            connection.execute("INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        for t in old.tickets:
            connection.execute(
                """INSERT INTO tickets (id, version, state, live, owner_id, conversation_id, pool, priority, seq,
                    deadline_at, doc) VALUES (?, ?, 'held', 1, ?, ?, ?, ?, ?, ?, ?)""",
                (
                    t.id,
                    t.version,
                    t.owner_id,
                    t.conversation_id,
                    t.pool,
                    t.priority,
                    t.seq,
                    t.deadline_at,
                    old_shape(t),
                ),
            )
    connection.close()


def write_mongo(url: str, old: Old) -> None:
    with MongoClient[dict[str, Any]](url) as client:
        db = client.get_default_database()
        db["schema"].insert_one({"_id": "schema", "version": 2})
        db["counters"].insert_one({"_id": "seq", "value": 100})
        one = old.conversation
        place = {"owner_id": one.owner_id, "updated_at": one.updated_at, "agent_id": one.agent_id, "archived": False}
        db["conversations"].insert_one({"_id": one.id, **place, "title_folded": "old", "doc": old_shape(one)})
        db["conversations"].insert_one({"_id": "deleted", "deleted_at": 1.0})
        *written, last = old.messages
        for m in written:
            at = {"conversation_id": m.conversation_id, "seq": m.seq, "revision": m.seq}
            db["messages"].insert_one({"_id": m.id, **at, "doc": old_shape(m)})
        for t in old.tickets:
            document: dict[str, Any] = {"_id": t.id, "version": t.version, "publish_no": 0, "doc": old_shape(t)}
            if t.id == last.ticket_id:
                # Its question is still on its way.
                carried = {"revision": last.seq, "doc": old_shape(last)}
                unsettled = {"at": 5.0, "accepted": True, "founding": None, "messages": [carried]}
                document |= {"unsettled": unsettled}
            db["tickets"].insert_one({**document, "conversation_id": t.conversation_id, "asked_as": f"ticket {t.id}"})


async def test_a_conversation_from_before_becomes_one_path(address: str, clock: ManualClock):
    old = Old(clock)
    first, second = old.ask("1"), old.ask("2")
    old.answer(first, "1!")
    third = old.ask("3")
    old.answer(third, "3! earlier", ticket_id="a-former-ticket", id="former")
    old.answer(third, "3!")
    old.answer(first, "alone", parent_id=None, id="alone", ticket_id=None)
    last = old.ask("4")
    if address.startswith("mongo:"):
        write_mongo(address.removeprefix("mongo:"), old)
    else:
        write_sqlite(Path(address.removeprefix("sqlite:")), old)

    for _ in range(2):
        store = await open_store(address, clock)
        try:
            path = (await store.path(old.conversation.id)).items
            assert [m.content for m in path] == ["1", "1!", "2", "3", "3!", "alone", "4"]
            assert [m.parent_id for m in path[:5]] == [None, path[0].id, path[1].id, path[2].id, path[3].id]
            assert all(above.depth < below.depth for above, below in pairwise(path))
            assert all(m.depth % 2 == (m.role == "assistant") for m in path)
            assert await store.alternatives(old.conversation.id, path) == {third.answer_id: ("former", third.answer_id)}
            stored = await store.get_conversation(old.conversation.id)
            assert stored is not None
            assert stored.leaf_id == last.answer_id
            former = await store.get_message("former")
            assert former is not None
            assert [m.content for m in (await store.path(former.conversation_id, to=former)).items] == [
                "1", "1!", "2", "3", "3! earlier",
            ]  # fmt: skip
        finally:
            await store.close()

    # The answers to come have their places kept.
    store = await open_store(address, clock)
    try:
        for waiting, text in ((last, "4!"), (second, "2!")):
            ticket = await store.get_ticket(waiting.id)
            assert ticket is not None
            running = replace(ticket, state=TicketState.PROCESSING, version=ticket.version + 1)
            assert await store.replace_ticket(running)
            done = moves.complete(running, usage=Usage(), now=clock.now())
            assert await store.replace_ticket(done, an_answer(clock, running, content=text))
        path = (await store.path(old.conversation.id)).items
        assert [m.content for m in path] == ["1", "1!", "2", "2!", "3", "3!", "alone", "4", "4!"]
    finally:
        await store.close()


@pytest.mark.parametrize("said", [0, 1])
async def test_a_conversation_with_nothing_or_little_in_it(address: str, clock: ManualClock, said: int):
    old = Old(clock)
    if said or address.startswith("mongo:"):
        old.ask("1")
    if address.startswith("mongo:"):
        write_mongo(address.removeprefix("mongo:"), old)
    else:
        write_sqlite(Path(address.removeprefix("sqlite:")), old)
    store = await open_store(address, clock)
    try:
        assert [m.content for m in (await store.path(old.conversation.id)).items] == ["1"] * len(old.messages)
        await store.create_conversation(another := a_conversation(clock))
        assert (await store.path(another.id)).items == ()
    finally:
        await store.close()
