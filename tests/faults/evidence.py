"""What tests of hurt workers and models read off the store, the model and the broker."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aio_pika

from tests.support.broker import eventually
from tests.support.stores import open_store
from tests.support.system import System
from tokenline.contracts.ids import TicketId
from tokenline.contracts.tickets import Ticket
from tokenline.contracts.topology import DEAD_QUEUE, ticket_queue
from tokenline.core.clock import SystemClock
from tokenline.core.ports.store import Store

LINE = ticket_queue("default")

Call = dict[str, Any]
"""One request at the scripted model, as its ``Record`` says; instants are of the machine's monotonic clock."""

HANG_UP_S = 0.05


# ── the store ────────────────────────────────────────────────────────────────────────────────────────────────────────


@asynccontextmanager
async def store_of(system: System, mongo_url: str | None = None) -> AsyncIterator[Store]:
    """The store of the system's processes, to be read and hurt beside them."""
    address = f"mongo:{mongo_url}" if mongo_url else f"sqlite:{system.folder / 'tokenline.db'}"
    store = await open_store(address, SystemClock())
    try:
        yield store
    finally:
        await store.close()


async def stored(store: Store, ticket_id: TicketId) -> Ticket:
    ticket = await store.get_ticket(ticket_id)
    assert ticket is not None
    return ticket


# ── the model ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def calls(system: System, text: str | None = None) -> list[Call]:
    """Requests with this question, or all; in the order in which they came."""
    stats = await asyncio.to_thread(system.model_stats)
    return [record for record in stats["records"] if text in (None, record["text"])]


def busiest(records: list[Call]) -> int:
    """How many of them ran at the same time, at most, for longer than it takes to notice that a caller hung up."""
    steps = [(record["started_at"], 1) for record in records]
    steps += [(record["ended_at"] - HANG_UP_S, -1) for record in records if record["ended"] is not None]
    most = now = 0
    for _, step in sorted(steps):
        now += step
        most = max(most, now)
    return most


# ── the broker ───────────────────────────────────────────────────────────────────────────────────────────────────────


@asynccontextmanager
async def channel_to(amqp_url: str) -> AsyncIterator[aio_pika.abc.AbstractChannel]:
    async with await aio_pika.connect(amqp_url) as connection, connection.channel() as opened:
        yield opened


async def in_the_queue(amqp_url: str) -> int:
    """How many offers wait there to be delivered."""
    async with channel_to(amqp_url) as channel:
        declared = await channel.declare_queue(LINE.name, passive=True)
        return declared.declaration_result.message_count or 0


async def until_in_the_queue(amqp_url: str, number: int) -> None:
    async def there() -> bool:
        return await in_the_queue(amqp_url) == number

    await eventually(there)


async def take_all(amqp_url: str, queue: str = DEAD_QUEUE.name) -> list[bytes]:
    """The bodies of what waits in the queue; they are gone from it."""
    bodies = []
    async with channel_to(amqp_url) as channel:
        taken = await channel.get_queue(queue, ensure=False)
        while (message := await taken.get(fail=False, no_ack=True)) is not None:
            bodies.append(message.body)
    return bodies
