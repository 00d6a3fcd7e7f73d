"""What tests of others rely on in the in-memory broker: its levers and its topic patterns."""

import asyncio

import pytest

from tests.support.broker import Inbox, no_tasks_left
from tokenline.adapters.broker_memory import MemoryBroker, MemoryServer
from tokenline.adapters.broker_memory.server import topic_matches
from tokenline.contracts.errors import BrokerUnavailable
from tokenline.contracts.topology import TICKETS, ticket_queue

LINE = ticket_queue("gpt")


@pytest.mark.parametrize(
    ("pattern", "key", "matches"),
    [
        ("ticket.*", "ticket.queued", True),
        ("ticket.*", "ticket", False),
        ("ticket.*", "ticket.queued.again", False),
        ("ticket.#", "ticket", True),
        ("ticket.#", "ticket.queued.again", True),
        ("#", "", True),
        ("#.seen", "worker.one.seen", True),
        ("*.seen", "worker.one.seen", False),
        ("workers", "workers", True),
    ],
)
def test_topic_patterns(pattern: str, key: str, matches: bool) -> None:
    assert topic_matches(pattern, key) is matches


async def test_a_stop_keeps_what_is_persistent_and_loses_what_is_told() -> None:
    server = MemoryServer()
    broker = MemoryBroker(server)
    await broker.connect()
    await broker.declare(LINE)
    await broker.publish(TICKETS.name, "gpt", b"kept")
    await broker.tell(TICKETS.name, "gpt", b"lost")
    server.stop()
    assert not broker.connected
    with pytest.raises(BrokerUnavailable):
        await broker.publish(TICKETS.name, "gpt", b"refused")
    server.start()
    await broker.connect()
    assert await broker.depth(LINE) == 1
    await broker.close()
    await no_tasks_left()


async def test_a_wiped_server_is_declared_again_and_consumed_from() -> None:
    server = MemoryServer()
    broker = MemoryBroker(server)
    await broker.connect()
    inbox, restored = Inbox(ack=True), asyncio.Event()

    async def on_restored() -> None:
        restored.set()

    await broker.consume(LINE, inbox, prefetch=1, on_restored=on_restored)
    server.wipe()
    server.start()
    await restored.wait()
    await broker.publish(TICKETS.name, "gpt", b"after")
    assert (await inbox.next()).body == b"after"
    await broker.close()


async def test_a_blocked_server_takes_nothing_and_delivers_what_it_has() -> None:
    broker = MemoryBroker()
    await broker.connect()
    await broker.declare(LINE)
    await broker.publish(TICKETS.name, "gpt", b"before")
    broker.server.blocked = True
    assert broker.blocked
    with pytest.raises(BrokerUnavailable):
        await broker.publish(TICKETS.name, "gpt", b"refused")
    assert not await broker.tell(TICKETS.name, "gpt", b"refused")
    inbox = Inbox(ack=True)
    await broker.consume(LINE, inbox, prefetch=1)
    assert (await inbox.next()).body == b"before"
    await broker.close()
