"""F7: queues and exchanges are deleted. F8: messages for nobody. F12: arguments differ after an upgrade."""

import asyncio
import time

import aio_pika
import pytest

from deploy.local.rabbitmq import PrivateNode
from tests.faults.broker.conftest import NodeBroker
from tests.support.broker import Inbox, eventually
from tokenline.adapters.broker_rabbitmq import RabbitBroker
from tokenline.contracts.errors import BrokerUnavailable
from tokenline.contracts.topology import DEAD, DEAD_QUEUE, EVENTS, TICKETS, event_queue, ticket_queue

BACK_WITHIN_S = 2.0


async def delete(node: PrivateNode, *, queue: str | None = None, exchange: str | None = None) -> None:
    async with await aio_pika.connect(node.amqp_url()) as connection:
        channel = await connection.channel()
        if queue is not None:
            await channel.queue_delete(queue)
        if exchange is not None:
            await channel.exchange_delete(exchange)


async def publish_until_taken(broker: RabbitBroker, pool: str, body: bytes) -> None:
    async def taken() -> bool:
        try:
            await broker.publish(TICKETS.name, pool, body)
        except BrokerUnavailable:
            return False
        return True

    await eventually(taken, BACK_WITHIN_S)


async def test_a_queue_deleted_under_its_consumer(node: PrivateNode, node_broker: NodeBroker) -> None:
    worker, gateway = await node_broker("worker"), await node_broker("gateway")
    inbox = Inbox(ack=True)
    line = ticket_queue("deleted")
    await worker.consume(line, inbox, prefetch=1)
    await delete(node, queue=line.name)
    began = time.monotonic()
    await publish_until_taken(gateway, "deleted", b"after")
    assert (await inbox.next(BACK_WITHIN_S)).body == b"after"
    took = time.monotonic() - began
    print(f"F7: queue and consumer back after {took:.2f} s")
    assert took < BACK_WITHIN_S


async def test_a_queue_declared_again_before_its_consumer_hears_that_it_was_deleted(
    node: PrivateNode, node_broker: NodeBroker
) -> None:
    """As the watchdog of another process does it."""
    worker, gateway = await node_broker("worker"), await node_broker("gateway")
    inbox = Inbox()
    line = ticket_queue("replaced")
    await worker.consume(line, inbox, prefetch=1)
    await gateway.publish(TICKETS.name, "replaced", b"in hand")
    held = await inbox.next()
    await asyncio.to_thread(node.evaluate, "[sys:suspend(Channel) || Channel <- rabbit_channel:list()], ok.")
    await delete(node, queue=line.name)
    await (await node_broker("other")).declare(line)
    await asyncio.to_thread(node.evaluate, "[catch sys:resume(Channel) || Channel <- rabbit_channel:list()], ok.")
    began = time.monotonic()
    await gateway.publish(TICKETS.name, "replaced", b"after")
    await held.ack()
    assert (await inbox.next(BACK_WITHIN_S)).body == b"after"
    print(f"F7: a queue that was replaced is consumed from after {time.monotonic() - began:.2f} s")


async def test_a_queue_without_consumer_is_declared_again_by_its_publisher(
    node: PrivateNode, node_broker: NodeBroker
) -> None:
    gateway = await node_broker("gateway")
    await gateway.declare(ticket_queue("idle"))
    await delete(node, queue=ticket_queue("idle").name)
    with pytest.raises(BrokerUnavailable, match="idle"):
        await gateway.publish(TICKETS.name, "idle", b"loud")
    await gateway.publish(TICKETS.name, "idle", b"taken")


async def test_an_exchange_deleted_under_publishers_and_consumers(node: PrivateNode, node_broker: NodeBroker) -> None:
    worker, gateway = await node_broker("worker"), await node_broker("gateway")
    line, events = Inbox(ack=True), Inbox(ack=True)
    await worker.consume(ticket_queue("cut-off"), line, prefetch=1)
    await worker.consume(event_queue("w", "ticket.*"), events, prefetch=10)
    await delete(node, exchange=TICKETS.name)
    await delete(node, exchange=EVENTS.name)
    began = time.monotonic()
    with pytest.raises(BrokerUnavailable, match="cut-off"):
        await gateway.publish(TICKETS.name, "cut-off", b"loud")

    async def heard() -> bool:
        await gateway.tell(EVENTS.name, "ticket.queued", b"event")
        return bool(events.received)

    await publish_until_taken(gateway, "cut-off", b"after")
    assert (await line.next(BACK_WITHIN_S)).body == b"after"
    await eventually(heard, BACK_WITHIN_S)
    took = time.monotonic() - began
    print(f"F7: exchanges, bindings and consumers back after {took:.2f} s")
    assert took < BACK_WITHIN_S


async def test_dead_lettering_comes_back_too(node: PrivateNode, node_broker: NodeBroker) -> None:
    """RabbitMQ drops a rejected message without a word when its dead-letter exchange is missing."""
    worker = await node_broker("worker")
    inbox = Inbox()
    await worker.consume(ticket_queue("poisoned"), inbox, prefetch=1)
    await delete(node, queue=DEAD_QUEUE.name, exchange=DEAD.name)

    async def back() -> bool:
        try:
            await worker.publish(DEAD.name, DEAD.name, b"probe")
        except BrokerUnavailable:
            return False
        return True

    await eventually(back, BACK_WITHIN_S)
    await worker.publish(TICKETS.name, "poisoned", b"poison")
    assert await (await inbox.next()).reject()

    async def buried() -> bool:
        return await worker.depth(DEAD_QUEUE) == 2

    await eventually(buried)


async def test_an_unroutable_message_never_counts_as_success(node_broker: NodeBroker) -> None:
    gateway = await node_broker("gateway")
    for attempt in range(20):
        with pytest.raises(BrokerUnavailable, match="nobody"):
            await gateway.publish(TICKETS.name, "nobody", b"%d" % attempt)
    assert gateway.connected


async def test_another_queues_arguments_after_an_upgrade_stop_nothing_else(
    node: PrivateNode, node_broker: NodeBroker
) -> None:
    """After a reconnect the queue that no longer fits is named, the rest works, and it heals when an operator acts."""
    gateway = await node_broker("gateway")
    await gateway.declare(ticket_queue("changed"))
    await gateway.declare(ticket_queue("same"))
    await delete(node, queue=ticket_queue("changed").name)
    async with await aio_pika.connect(node.amqp_url()) as connection:
        await (await connection.channel()).declare_queue(ticket_queue("changed").name, durable=True)
    node.close_connections()

    async def lost() -> bool:
        return not gateway.connected

    await eventually(lost)
    await gateway.wait_connected()
    await gateway.publish(TICKETS.name, "same", b"works")
    assert gateway.mismatch is not None
    assert ticket_queue("changed").name in gateway.mismatch

    await delete(node, queue=ticket_queue("changed").name)

    async def declared() -> bool:
        return gateway.mismatch is None

    await eventually(declared)
    assert await gateway.depth(ticket_queue("changed")) == 0
