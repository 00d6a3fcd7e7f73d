"""What tests of whole processes do to a node, and what they read off it and off the processes."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import aio_pika
import httpx2

from deploy.local.rabbitmq import NodeHandle, PrivateNode
from tests.support.broker import eventually
from tests.support.system import TLS, System
from tokenline.contracts.topology import ticket_queue

LINE = ticket_queue("default")

# ── the node ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@asynccontextmanager
async def frozen(node: PrivateNode) -> AsyncIterator[None]:
    """Stopped for sure: on a busy machine the signal takes effect a little after it was sent."""
    node.pause()
    try:

        async def stopped() -> bool:
            return set(thread_states(node.state.pid)) <= {"T"}

        await eventually(stopped)
        yield
    finally:
        node.resume()


@asynccontextmanager
async def memory_alarm(node: NodeHandle) -> AsyncIterator[None]:
    """As if the node used more memory than it may: connections that publish are not read any more."""
    former = await erlang(node, "vm_memory_monitor:get_vm_memory_high_watermark().")
    await erlang(node, "vm_memory_monitor:set_vm_memory_high_watermark({absolute, 1000000}).")
    try:
        yield
    finally:
        await erlang(node, f"vm_memory_monitor:set_vm_memory_high_watermark({former}).")


def thread_states(pid: int) -> Iterator[str]:
    """As Linux abbreviates them; nothing elsewhere."""
    for thread in Path(f"/proc/{pid}/task").glob("*/stat"):
        yield thread.read_text().rpartition(")")[2].split()[0]


async def erlang(node: NodeHandle, code: str) -> str:
    return await asyncio.to_thread(node.evaluate, code)


async def messages(node: NodeHandle, vhost: str) -> int:
    """Of the ticket queue: ready and delivered but not acknowledged."""
    queue = f'rabbit_misc:r(<<"{vhost}">>, queue, <<"{LINE.name}">>)'
    found = await erlang(
        node,
        f"{{ok, Q}} = rabbit_amqqueue:lookup({queue}), proplists:get_value(messages, rabbit_amqqueue:info(Q)).",
    )
    return int(found)


async def until_settled(node: NodeHandle, vhost: str, limit_s: float = 15.0) -> None:
    """Return once the ticket queue is empty and all it delivered is acknowledged."""

    async def settled() -> bool:
        return await messages(node, vhost) == 0

    await eventually(settled, limit_s)


@asynccontextmanager
async def channel(node: NodeHandle, vhost: str) -> AsyncIterator[aio_pika.abc.AbstractChannel]:
    async with await aio_pika.connect(node.amqp_url(vhost)) as connection, connection.channel() as opened:
        yield opened


# ── the processes ────────────────────────────────────────────────────────────────────────────────────────────────────


def metric(system: System, process: str, line: str) -> float:
    """``line`` is a sample's name with its labels, as scraped. 0 when it is not there yet."""
    text = httpx2.get(f"{system.url(process)}/metrics", timeout=5, verify=TLS).text
    found = re.search(rf"^{re.escape(line)} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


async def broker_check(system: System, process: str) -> str:
    """What readiness says of the broker: ``ok`` or a sentence."""
    answer = await asyncio.to_thread(httpx2.get, f"{system.url(process)}/readyz", timeout=5, verify=TLS)
    said: str = answer.json()["checks"]["broker"]
    assert answer.status_code == (200 if said == "ok" else 503)
    return said


def logged(system: System, process: str, event: str) -> Iterator[tuple[datetime, dict[str, Any]]]:
    """When the process logged this event, and with what."""
    for line in system.log(process).read_text().splitlines():
        if line.startswith("{") and (entry := json.loads(line))["event"] == event:
            yield datetime.fromisoformat(entry["timestamp"]), entry
