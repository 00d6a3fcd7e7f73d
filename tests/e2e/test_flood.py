"""An anonymous flood on the real server (B14): refused at once, and a member's questions are taken as ever."""

import asyncio
import time
from collections import Counter

import httpx2

from tests.support.system import System
from tokenline.runtime.flood import BURST, PER_S

SENDERS = 20
FLOOD_S = 3.0
ACCEPTED_IN_S = 2.0
"""Of a machine that has two cores for all of this."""
REQUEST = b"GET /api/v1/me HTTP/1.1\r\nhost: t\r\n\r\n"


async def flood(port: int, answers: Counter[bytes], until: float) -> None:
    """One connection that asks again as soon as it is answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while time.monotonic() < until:
        writer.write(REQUEST)
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]))
        answers[head.split()[1]] += 1
    writer.close()


async def test_b14_members_are_served_beside_an_anonymous_flood(system: System) -> None:
    system.gateway()
    with system.client("member@example.org") as member:
        headers = {"authorization": member.headers["authorization"]}
    answers: Counter[bytes] = Counter()
    took: list[float] = []
    async with (
        httpx2.AsyncClient(base_url=system.url(), headers=headers, timeout=30) as client,
        asyncio.TaskGroup() as group,
    ):
        until = time.monotonic() + FLOOD_S
        for number in range(SENDERS):
            group.create_task(flood(system.ports["gateway-1"], answers, until), name=f"flood.{number}")
        while time.monotonic() < until:
            began = time.monotonic()
            asked = await client.post("/api/v1/chat/messages", json={"content": "What is a ticket?"})
            took.append(time.monotonic() - began)
            assert asked.status_code == 202, asked.text
    took.sort()
    p99 = took[int(len(took) * 0.99)]
    print(f"B14: {answers.total() / FLOOD_S:.0f} anonymous requests/s, {len(took)} questions, p99 {p99 * 1e3:.0f} ms")
    assert set(answers) == {b"401", b"429"}
    assert answers[b"401"] < BURST + PER_S * (FLOOD_S + 2) + SENDERS, "the burst, then so many a second"
    assert p99 < ACCEPTED_IN_S
    counted = httpx2.get(system.url() + "/metrics", timeout=10).text
    assert 'tokenline_rate_limited_total{limit="anonymous"}' in counted
