"""Temporary chats: in no list, kept while a socket follows them, and gone with all that belonged to them (C10)."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import httpx2
import pytest

from services.gateway.temporary import GRACE_S, HELD_S
from services.gateway.ws.outbox import Outbox
from services.gateway.ws.session import Session
from tests.integration.library.test_search import CHAT, ask, search
from tests.support.drafts import an_answer
from tests.support.in_process.processes import principal
from tests.support.in_process.whole_gateway import WholeGateway, whole_gateway
from tokenline.adapters.broker_memory import MemoryServer
from tokenline.adapters.store_sqlite.database import connect
from tokenline.contracts.frames import Follow
from tokenline.contracts.tickets import TicketState, Usage
from tokenline.core import ticket as moves
from tokenline.core.clock import ManualClock
from tokenline.core.ports.store.temporary import UNKEPT_S


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def server() -> MemoryServer:
    return MemoryServer()


@pytest.fixture
async def gateway(tmp_path: Path, server: MemoryServer, clock: ManualClock) -> AsyncIterator[WholeGateway]:
    async with whole_gateway(tmp_path, server, clock) as gateway:
        yield gateway


async def begin(client: httpx2.AsyncClient, **more: Any) -> dict[str, Any]:
    made = await client.post(f"{CHAT}/conversations", json={"temporary": True, **more})
    assert made.status_code == 201, made.text
    conversation: dict[str, Any] = made.json()
    return conversation


async def there(gateway: WholeGateway, conversation_id: str) -> bool:
    return await gateway.deps.store.get_conversation(conversation_id) is not None


def session_of(gateway: WholeGateway, owner: str) -> Session:
    outbox = Outbox(MagicMock(), gateway.deps.streams.live.get)
    return Session(gateway.deps, principal(owner), outbox, None, lambda _: None)


async def published(gateway: WholeGateway) -> None:
    """What a question sets off has happened."""
    for task in [task for task in gateway.deps.supervisor._tasks if task.get_name().startswith("publish.")]:
        await task


async def leave(session: Session) -> None:
    """Its socket is gone; what that sets off has happened."""
    supervisor = session._deps.supervisor
    before = set(supervisor._tasks)
    session.stop()
    for task in supervisor._tasks - before:
        await task


async def test_it_is_in_no_list_no_search_and_has_no_title(ann: httpx2.AsyncClient, gateway: WholeGateway):
    made = await begin(ann, title="Secret plans")
    asked = await ask(ann, "secret words", conversation_id=made["id"])
    by_question = await ask(ann, "more secret words", temporary=True)
    for conversation_id in (made["id"], asked["conversation_id"], by_question["conversation_id"]):
        read = (await ann.get(f"{CHAT}/conversations/{conversation_id}")).json()
        assert (read["temporary"], read["title"]) == (True, "")
    for archived in (True, False):
        listed = await ann.get(f"{CHAT}/conversations", params={"archived": archived})
        assert listed.json()["items"] == []
    assert (await search(ann, "secret"))["items"] == []


async def test_it_outlives_a_reload_but_not_its_last_tab(
    ann: httpx2.AsyncClient, gateway: WholeGateway, tmp_path: Path, server: MemoryServer, clock: ManualClock
):
    made = await begin(ann)
    async with whole_gateway(tmp_path, server, clock) as other:
        first, second = session_of(gateway, made["owner_id"]), session_of(other, made["owner_id"])
        for tab in (first, second):
            await tab.take(Follow(conversation_id=made["id"]))
        # For hours, if somebody has it before them.
        for _ in range(60):
            clock.advance(HELD_S - 1)
            await gateway.deps.temporary.renew()
            await other.deps.temporary.renew()
            await gateway.deps.temporary.sweep()
        assert await there(gateway, made["id"])
        # One tab closes; the other one, at another gateway, has it still.
        await leave(first)
        await other.deps.temporary.renew()
        clock.advance(GRACE_S + 1)
        await gateway.deps.temporary.sweep()
        assert await there(gateway, made["id"])
        # A reload.
        await leave(second)
        clock.advance(GRACE_S - 1)
        await gateway.deps.temporary.sweep()
        again = session_of(gateway, made["owner_id"])
        await again.take(Follow(conversation_id=made["id"]))
        clock.advance(GRACE_S)
        await gateway.deps.temporary.sweep()
        assert await there(gateway, made["id"])
        await leave(again)
        clock.advance(GRACE_S + 1)
        await gateway.deps.temporary.sweep()
        assert not await there(gateway, made["id"])


async def test_another_conversation_on_the_screen_lets_go_of_it(
    ann: httpx2.AsyncClient, gateway: WholeGateway, clock: ManualClock
):
    made, other = await begin(ann), (await ann.post(f"{CHAT}/conversations", json={})).json()
    tab = session_of(gateway, made["owner_id"])
    await tab.take(Follow(conversation_id=made["id"]))
    await tab.take(Follow(conversation_id=other["id"]))
    clock.advance(GRACE_S + 1)
    await gateway.deps.temporary.sweep()
    assert not await there(gateway, made["id"])
    assert await there(gateway, other["id"])


async def test_a_running_answer_is_stopped_first(
    ann: httpx2.AsyncClient, eve: httpx2.AsyncClient, gateway: WholeGateway, clock: ManualClock
):
    asked = await ask(ann, "secret", temporary=True)
    await published(gateway)
    # Nobody follows somebody else's.
    stranger = session_of(gateway, "eve")
    await stranger.take(Follow(conversation_id=asked["conversation_id"]))
    clock.advance(UNKEPT_S + 1)
    await gateway.deps.temporary.sweep()
    ticket = await gateway.deps.store.get_ticket(asked["ticket_id"])
    assert ticket is not None
    assert ticket.state is TicketState.CANCELLED
    await gateway.deps.feed.reload()
    await gateway.deps.temporary.sweep()
    assert not await there(gateway, asked["conversation_id"])


async def test_it_leaves_nothing_behind(
    ann: httpx2.AsyncClient,
    gateway: WholeGateway,
    tmp_path: Path,
    clock: ManualClock,
    capfd: pytest.CaptureFixture[str],
):
    deps = gateway.deps
    made = await begin(ann)
    kept = await ask(ann, "ordinary words")
    files = {"file": ("zebrafile.txt", b"zebrabytes"), "conversation_id": (None, made["id"])}
    uploaded = (await ann.post("/api/v1/attachments", files=files)).json()
    asked = await ask(ann, "zebraquestion", conversation_id=made["id"], client_message_id="zebraclient")
    await ask(ann, "zebrawithdrawn", conversation_id=made["id"])
    ticket = await deps.store.get_ticket(asked["ticket_id"])
    assert ticket is not None
    running = moves.claim(ticket, worker="w", incarnation="i", now=clock.now())
    assert await deps.store.replace_ticket(running)
    done = moves.complete(running, usage=Usage(), now=clock.now())
    answer = an_answer(clock, running, content="zebraanswer")
    assert await deps.store.replace_ticket(done, answer)
    rated = await ann.put(f"{CHAT}/messages/{answer.id}/feedback", json={"rating": "down", "comment": "zebracomment"})
    assert rated.status_code == 200, rated.text
    await search(ann, "zebra")
    await ann.get(f"{CHAT}/conversations/{made['id']}/messages")
    traces = [made["id"], uploaded["id"], asked["id"], ticket.id, answer.id, "zebra"]
    assert "zebraquestion" in everything(tmp_path)
    assert uploaded["id"] in files_in(tmp_path)

    await published(gateway)
    clock.advance(UNKEPT_S + 1)
    for _ in range(2):
        await deps.temporary.sweep()
        await deps.feed.reload()
    while await deps.store.tidy_search():
        pass
    assert gateway.search.forgotten == [uploaded["id"]]
    found = everything(tmp_path)
    assert kept["id"] in found
    assert [trace for trace in traces if trace in found] == []
    assert uploaded["id"] not in files_in(tmp_path)
    # Ids may be in logs, text never.
    assert "zebra" not in "".join(capfd.readouterr())


def files_in(folder: Path) -> set[str]:
    return {file.name for file in folder.rglob("*")}


def everything(folder: Path) -> str:
    """All that the store's file has in its tables, that of the index included."""
    connection = connect(folder / "tokenline.db")
    try:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        rows = [connection.execute(f'SELECT * FROM "{name}"').fetchall() for name in names]  # noqa: S608 - the schema's own names
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        raw = (folder / "tokenline.db").read_bytes().decode("latin-1")
        return json.dumps(rows, default=lambda value: bytes(value).decode("latin-1")) + raw
    finally:
        connection.close()
