"""What the index of words holds, looked at in the file itself."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.drafts import a_conversation, a_question, a_ticket, ask
from tokenline.adapters.store_sqlite import SqliteStore
from tokenline.adapters.store_sqlite.database import connect
from tokenline.adapters.store_sqlite.migrations.search import STATEMENTS
from tokenline.contracts.chat import Conversation, Message
from tokenline.core.clock import ManualClock

CLOCK = ManualClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tokenline.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(path, CLOCK)
    await store.open()
    yield store
    await store.close()


def indexed(path: Path) -> set[str]:
    connection = connect(path)
    try:
        connection.execute("CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab(main, search, 'col')")
        rows = connection.execute("SELECT term FROM temp.vocabulary WHERE col = 'words' AND doc > 0")
        return {term for (term,) in rows}
    finally:
        connection.close()


async def say(store: SqliteStore, text: str, **changes: Any) -> tuple[Conversation, Message]:
    conversation = a_conversation(CLOCK, **changes)
    ticket = a_ticket(CLOCK, conversation)
    question = a_question(CLOCK, ticket, content=text)
    accepted = await store.accept(ticket, question, conversation, user_limit=9, pool_limit=99, now=CLOCK.now())
    return conversation, accepted.question


async def test_words_come_and_go_with_their_message(store: SqliteStore, path: Path):
    conversation, _ = await say(store, "aardvark")
    await say(store, "walrus")
    assert indexed(path) == {"aardvark", "walrus"}
    await store.delete_conversation(conversation.id)
    assert indexed(path) == {"walrus"}


async def test_a_temporary_conversation_never_has_words(store: SqliteStore, path: Path):
    conversation, question = await say(store, "aardvark", temporary=True, title="Walruses")
    assert indexed(path) == set()
    await store.delete_conversation(conversation.id)
    assert await store.get_message(question.id) is None
    assert indexed(path) == set()


async def test_deleted_words_leave_the_file(store: SqliteStore, path: Path):
    """Merged away: until then old segments of the index hold them."""
    conversation, _ = await say(store, "aardvarkaardvark")
    for n in range(30):
        await say(store, f"walrus{n}")
    await store.delete_conversation(conversation.id)
    while await store.tidy_search():
        pass
    connection = connect(path)
    dump = b"".join(bytes(block) for (block,) in connection.execute("SELECT block FROM search_data"))
    connection.close()
    assert b"aardvark" not in dump
    assert b"walrus" in dump
    assert not await store.tidy_search()


async def test_messages_of_before_the_index_are_learnt(store: SqliteStore, path: Path):
    """The migration's own statement, on a file that has messages."""
    await ask(store, CLOCK)
    learn = next(statement for statement in STATEMENTS if statement.startswith("INSERT INTO search "))

    def anew(db: sqlite3.Connection) -> None:
        db.execute("INSERT INTO search (search) VALUES ('delete-all')")
        db.execute(learn)

    await store._database.write(anew)
    assert "ticket" in indexed(path)
