"""Migrations, and that the line's listings never read the history."""

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tokenline.adapters.store_sqlite import SqliteStore, accept, releases, releasing, tickets, webhooks
from tokenline.adapters.store_sqlite.database import connect
from tokenline.adapters.store_sqlite.migrations import MIGRATIONS
from tokenline.adapters.store_sqlite.schema import migrate
from tokenline.contracts.errors import Misconfigured, StoreUnavailable
from tokenline.core.clock import ManualClock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "store.db"
    path.touch()
    return path


def test_migrations_are_applied_once_by_whoever_comes_first(path: Path):
    def start(_: int) -> int:
        connection = connect(path)
        migrate(connection)
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        connection.close()
        return version

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(start, range(16))) == {len(MIGRATIONS)}


async def test_a_file_of_a_newer_version_is_left_alone(path: Path):
    newer = sqlite3.connect(path)
    newer.execute("PRAGMA user_version = 999")
    newer.close()
    with pytest.raises(Misconfigured, match="999"):
        await SqliteStore(path, ManualClock()).open()


def test_a_file_that_is_no_database_is_refused_untouched(path: Path):
    path.write_bytes(b"not a database" * 1000)
    with pytest.raises(StoreUnavailable):
        asyncio.run(SqliteStore(path, ManualClock()).open())
    assert path.read_bytes().startswith(b"not a database")


async def test_the_file_is_nobody_elses_to_read(tmp_path: Path):
    store = SqliteStore(tmp_path / "deep" / "store.db", ManualClock())
    await store.open()
    await store.ping()
    modes = {file.name: file.stat().st_mode & 0o077 for file in (tmp_path / "deep").iterdir()}
    await store.close()
    assert len(modes) >= 3
    assert set(modes.values()) == {0}


@pytest.mark.parametrize(
    ("sql", "parameters", "index"),
    [
        (tickets._LIVE, 0, "tickets_live"),
        (tickets._LIVE_OF_OWNER, 1, "tickets_live (state=? AND owner_id=?)"),
        (tickets._UNPUBLISHED, 2, "tickets_unpublished"),
        (tickets._OVERDUE, 2, "tickets_deadline (deadline_at<?)"),
        (tickets._ORPHANED, 2, "tickets_live (state=?)"),
        (tickets._STARVING, 4, "tickets_level (pool=? AND priority=? AND level_at<?)"),
        (tickets._PAUSED, 2, "tickets_paused (due_at>? AND due_at<?)"),
        (tickets._DEAD, 3, "tickets_dead"),
        (releasing._STANDINGS, 1, "tickets_live (state=? AND owner_id=?)"),
        (releases._ANYTHING, 2, "tickets_live (state=? AND owner_id=?)"),
        (accept._EARLIER, 4, "messages_by_client_id (owner_id=? AND client_message_id=?)"),
        (accept._LINE, 3, "tickets_of_conversation (conversation_id=? AND live=?)"),
        (accept._LINE, 3, "tickets_live (state=? AND owner_id=?)"),
        (webhooks._DUE, 3, "deliveries_due (due_at>? AND due_at<?)"),
        (webhooks._PAGE, 4, "deliveries_of_webhook (webhook_id=? AND (created_at,ticket_id)<(?,?))"),
    ],
)
def test_the_line_is_read_from_indexes_of_live_tickets(path: Path, sql: str, parameters: int, index: str):
    connection = connect(path)
    migrate(connection)
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", (0,) * parameters)]
    connection.close()
    assert any(index in step for step in plan), plan
    assert not any(step == "SCAN tickets" or step.startswith("SCAN messages") for step in plan), plan
    if "ORDER BY priority" in sql or "ORDER BY deadline" in sql:
        assert not any("TEMP B-TREE" in step for step in plan), plan
