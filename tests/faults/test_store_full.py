"""F31: the disk is full. Who asks is told so, nothing is stored by halves, and all goes on when there is room again."""

import asyncio
import json
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx2
import pytest

from deploy.local.rabbitmq import NodeHandle
from tests.support.broker import eventually
from tests.support.chat import chat
from tests.support.law import the_law_holds
from tests.support.small_disk import SmallDisk
from tests.support.system import System

SIZE_BYTES = 6 * 1024 * 1024
RUNNING = '{"tokens": 60, "per_second": 20}'
BIG = 100_000
"""Characters of a question that does not fit into what SQLite has at hand already."""
SENDS = 20


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with SmallDisk(tmp_path / "disk", SIZE_BYTES) as disk:
        yield disk


@pytest.fixture
def system(tmp_path: Path, amqp_url: str, disk: SmallDisk) -> Iterator[System]:
    started = System(tmp_path, amqp_url)
    try:
        started.scripted_model()
        started.keep_data_on(disk)
        yield started
    finally:
        started.close()


def send(client: httpx2.Client, content: str, number: int) -> httpx2.Response:
    body = {"content": content, "client_message_id": f"sent-{number}"}
    return client.post("/api/v1/chat/messages", json=body)


def look_into(disk: SmallDisk, folder: Path) -> tuple[set[str], int, str]:
    """Which questions are stored, how many tickets, and whether the file is sound: of a copy, which leaves it alone."""
    folder.mkdir(exist_ok=True)
    disk.copy("tokenline.db", "tokenline.db-wal", to=folder)
    with closing(sqlite3.connect(folder / "tokenline.db")) as connection:
        rows = connection.execute("SELECT client_message_id FROM messages WHERE client_message_id IS NOT NULL")
        ids = {client_message_id for (client_message_id,) in rows}
        [(tickets,)] = connection.execute("SELECT count(*) FROM tickets").fetchall()
        [(sound,)] = connection.execute("PRAGMA integrity_check").fetchall()
        return ids, tickets, sound


async def in_hand(node: NodeHandle, vhost: str) -> tuple[int, int]:
    """Messages of the line: delivered and not acknowledged, and ready."""
    code = f"""
        {{ok, Q}} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"{vhost}">>, queue, <<"tokenline.tickets.default">>)),
        Info = rabbit_amqqueue:info(Q),
        {{proplists:get_value(messages_unacknowledged, Info), proplists:get_value(messages_ready, Info)}}.
    """
    unacknowledged, ready = (await asyncio.to_thread(node.evaluate, code)).strip("{}").split(",")
    return int(unacknowledged), int(ready)


async def test_f31_a_disk_that_is_full_for_a_while(
    system: System, disk: SmallDisk, broker_node: NodeHandle, vhost: str, tmp_path: Path
) -> None:
    system.for_all(TOKENLINE_USER_LIMIT="9")
    await asyncio.to_thread(system.worker, slots=3)
    await asyncio.to_thread(system.gateway)
    with system.client() as client:
        async with chat(system) as person:
            running = await person.ask(RUNNING, "running")
            asked = {running: RUNNING}
            await person.until(lambda: person.tickets[running].text)
            # Two offers get into the worker's hands, and cannot be claimed once it looks at them.
            system.signal("worker-1", signal.SIGSTOP)
            for number in range(2):
                text = json.dumps({"say": f"offered {number}"})
                asked[await person.ask(text, f"offered-{number}")] = text
            await eventually(lambda: holds(broker_node, vhost, (3, 0)))
            filled = disk.fill()
            system.signal("worker-1", signal.SIGCONT)

            answers = [await asyncio.to_thread(send, client, "x" * BIG, number) for number in range(SENDS)]
            assert {(a.status_code, a.json()["error"]["code"]) for a in answers} == {(507, "storage_full")}
            await person.send(type="send", content="x" * (BIG // 2), client_message_id="socket")
            await person.until(lambda: any(frame.get("client_message_id") == "socket" for frame in person.other))
            refusal = person.other[-1]
            assert (refusal["type"], refusal["error"]["code"]) == ("error", "storage_full")
            ready = await asyncio.to_thread(httpx2.get, f"{system.url()}/readyz")
            assert (ready.status_code, "disk is full" in ready.json()["checks"]["store"]) == (503, True)
            # The answer that runs is told to its end, which cannot be written yet.
            await person.until(lambda: person.tickets[running].text == "".join(f"w{n} " for n in range(60)))
            assert (await asyncio.to_thread(send, client, "x" * BIG, SENDS)).status_code == 507
            assert await in_hand(broker_node, vhost) == (3, 0), "an offer was acknowledged"
            assert not any(seen.end for seen in person.tickets.values())
            stored = {"running", "offered-0", "offered-1"}
            assert await asyncio.to_thread(look_into, disk, tmp_path / "full") == (stored, 3, "ok")

            disk.free()
            freed = time.monotonic()
            taken = await asyncio.to_thread(send, client, "x" * BIG, 0)
            assert taken.status_code == 202
            taken_after_s = time.monotonic() - freed
            asked[taken.json()["ticket"]["id"]] = "x" * BIG
            await person.until(lambda: len(person.tickets) == len(asked))
            await person.ended(*asked)
            print(
                f"F31: full after {filled >> 10} KiB; taken again {taken_after_s * 1000:.0f} ms and all answered "
                f"{time.monotonic() - freed:.1f} s after there was room"
            )
            await eventually(lambda: holds(broker_node, vhost, (0, 0)))
            for name in ("gateway-1", "worker-1"):
                system.processes[name].terminate()
                assert await asyncio.to_thread(system.processes[name].wait, 20) == 0
            found = await asyncio.to_thread(look_into, disk, tmp_path)
            assert found == (stored | {"sent-0"}, 4, "ok")
            await the_law_holds(system, asked, person)


async def holds(node: NodeHandle, vhost: str, messages: tuple[int, int]) -> bool:
    return await in_hand(node, vhost) == messages
