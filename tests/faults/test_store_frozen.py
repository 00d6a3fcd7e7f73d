"""F33: another process holds the store's lock for as long as it likes. Sends are refused in time, answers stream on."""

import asyncio
import fcntl
import json
import os
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx2

from tests.support.broker import eventually
from tests.support.chat import Chat, chat
from tests.support.law import the_law_holds
from tests.support.system import TLS, System

FREEZE_S = 16.0
"""Longer than a lease: when the store comes back, every worker has lost its own."""
SENDS = 200
REFUSED_WITHIN_S = 6.0
GROWTH_BYTES = 64 * 1024 * 1024
LONG, SHORT = '{"tokens": 420, "per_second": 20}', '{"tokens": 60, "per_second": 20}'


@contextmanager
def frozen(path: Path) -> Iterator[None]:
    """The lock of SQLite, and the place of whoever would be the next to have it."""
    turn = os.open(path.with_name(f"{path.name}-turn"), os.O_RDWR)
    connection = sqlite3.connect(path, isolation_level=None, timeout=10)
    try:
        fcntl.flock(turn, fcntl.LOCK_EX)
        connection.execute("BEGIN EXCLUSIVE")
        yield
    finally:
        connection.close()
        os.close(turn)


async def sends(http: httpx2.AsyncClient) -> list[float]:
    """Many, spread over the first half; how long each took to be refused."""

    async def send(number: int) -> float:
        await asyncio.sleep(number * FREEZE_S / 2 / SENDS)
        body = {"content": "x", "client_message_id": f"meanwhile-{number}"}
        began = time.monotonic()
        answer = await http.post("/api/v1/chat/messages", json=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "store_unavailable")
        return time.monotonic() - began

    return await asyncio.gather(*map(send, range(SENDS)))


async def memory(http: httpx2.AsyncClient) -> float:
    """Resident, of the gateway; in bytes."""
    found = re.search(r"^process_resident_memory_bytes (\S+)", (await http.get("/metrics")).text, re.MULTILINE)
    assert found is not None
    return float(found[1])


async def streams(person: Chat, ticket: str, until: float) -> list[int]:
    """How long the answer was, every second or two."""
    lengths = [len(person.tickets[ticket].text)]
    while time.monotonic() < until:
        enough = lengths[-1] + 40
        await person.until(partial(is_as_long, person, ticket, enough), within_s=5)
        lengths.append(len(person.tickets[ticket].text))
    return lengths


def is_as_long(person: Chat, ticket: str, length: int) -> bool:
    return len(person.tickets[ticket].text) >= length


async def test_f33_a_store_that_is_frozen_for_longer_than_leases_last(system: System) -> None:
    system.scripted_model()
    await asyncio.to_thread(system.worker, slots=2)
    await asyncio.to_thread(system.gateway)
    waiting_text = json.dumps({"say": "was waiting"})
    async with chat(system) as person, chat(system, "bob@example.org") as bob:
        token = (await asyncio.to_thread(system.sign_in, "bob@example.org"))["access_token"]
        headers = {"authorization": f"Bearer {token}"}
        # Idle connections are dropped before the server does so at 5 s: one that both let go of fails the next request.
        limits = httpx2.Limits(max_connections=SENDS + 10, keepalive_expiry=1)
        async with httpx2.AsyncClient(
            base_url=system.url(), headers=headers, limits=limits, timeout=30, verify=TLS
        ) as http:
            long, short = await person.ask(LONG, "long"), await person.ask(SHORT, "short")
            await person.until(lambda: person.tickets[long].text and person.tickets[short].text)
            waiting = await bob.ask(waiting_text, "waiting")
            memory_before = await memory(http)
            with frozen(system.folder / "tokenline.db"):
                thaw_at = time.monotonic() + FREEZE_S
                refusals = asyncio.create_task(sends(http), name="sends")
                lengths = await streams(person, long, thaw_at)
                took = await refusals
                assert max(took) <= REFUSED_WITHIN_S
                memory_after = await memory(http)
                ready = await http.get("/readyz")
                assert (ready.status_code, ready.json()["checks"]["broker"]) == (503, "ok")
                assert "no answer" in ready.json()["checks"]["store"]
                assert not any(seen.end for seen in (*person.tickets.values(), *bob.tickets.values()))
            thawed = time.monotonic()
            assert lengths == sorted(lengths)
            assert person.tickets[short].text == "".join(f"w{number} " for number in range(60))
            await person.ended(long, short)
            await bob.ended(waiting)
            print(
                f"F33: {SENDS} sends refused in {min(took):.1f} to {max(took):.1f} s, "
                f"{(memory_after - memory_before) / 2**20:+.1f} MiB; all ended {time.monotonic() - thawed:.1f} s after"
            )
            assert memory_after - memory_before < GROWTH_BYTES

            async def ready_again() -> bool:
                return (await http.get("/readyz")).status_code == 200

            await eventually(ready_again)
        tickets = await the_law_holds(system, {long: LONG, short: SHORT, waiting: waiting_text}, person, bob)
        assert {ticket.attempt for ticket in tickets.values()} == {1}, "whoever kept answering lost its answer"
