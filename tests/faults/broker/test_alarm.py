"""F5: the memory alarm stops all publishers."""

import asyncio
import time

import pytest

from deploy.local.rabbitmq import PrivateNode
from tests.faults.broker.conftest import NodeBroker
from tests.faults.broker.levers import memory_alarm
from tests.support.broker import Inbox, eventually
from tokenline.contracts.errors import BrokerUnavailable
from tokenline.contracts.topology import EVENTS, TICKETS, ticket_queue

LINE = ticket_queue("alarmed")
LIMIT_BYTES = "512MB"
DEGRADED_WITHIN_S = 10.0


async def test_publishing_gives_up_in_time_consumers_drain_and_all_works_again(
    node: PrivateNode, node_broker: NodeBroker
) -> None:
    broker = await node_broker("gateway")
    await broker.declare(LINE)
    await broker.publish(TICKETS.name, "alarmed", b"before")

    await asyncio.to_thread(node.ctl, "set_vm_memory_high_watermark", "absolute", "1MB")
    try:
        began = time.monotonic()
        with pytest.raises(BrokerUnavailable):
            await broker.publish(TICKETS.name, "alarmed", b"unknown")
        took = time.monotonic() - began
        assert 4.5 < took < 6.0
        assert broker.blocked

        began = time.monotonic()
        with pytest.raises(BrokerUnavailable):
            await broker.publish(TICKETS.name, "alarmed", b"never sent")
        assert time.monotonic() - began < 6.0
        began = time.monotonic()
        assert not await broker.tell(EVENTS.name, "ticket.queued", b"not sent")
        assert time.monotonic() - began < 0.1

        inbox = Inbox(ack=True)
        await broker.consume(LINE, inbox, prefetch=1)
        assert (await inbox.next()).body == b"before"
        print(f"F5: publish gave up after {took:.2f} s")
    finally:
        await asyncio.to_thread(node.ctl, "set_vm_memory_high_watermark", "absolute", LIMIT_BYTES)

    async def free_again() -> bool:
        return not broker.blocked

    await eventually(free_again)
    await broker.publish(TICKETS.name, "alarmed", b"after")
    # What was sent before the broker said that it was blocked does arrive; what was held back does not.
    assert await inbox.bodies(2) == [b"unknown", b"after"]


async def test_who_has_nothing_to_send_learns_of_the_alarm_too(node: PrivateNode, node_broker: NodeBroker) -> None:
    idle = await node_broker("idle")

    async def degraded() -> bool:
        return idle.blocked

    async with memory_alarm(node):
        began = time.monotonic()
        await eventually(degraded, DEGRADED_WITHIN_S)
        print(f"F5: known without sending anything after {time.monotonic() - began:.1f} s")

    async def free_again() -> bool:
        return not idle.blocked

    await eventually(free_again)


async def test_closing_under_an_alarm_does_not_hang(node: PrivateNode, node_broker: NodeBroker) -> None:
    broker = await node_broker("leaving")
    await broker.declare(LINE)
    await asyncio.to_thread(node.ctl, "set_vm_memory_high_watermark", "absolute", "1MB")
    try:
        with pytest.raises(BrokerUnavailable):
            await broker.publish(TICKETS.name, "alarmed", b"unknown")
        began = time.monotonic()
        await broker.close()
        assert time.monotonic() - began < 5.0
    finally:
        await asyncio.to_thread(node.ctl, "set_vm_memory_high_watermark", "absolute", LIMIT_BYTES)
