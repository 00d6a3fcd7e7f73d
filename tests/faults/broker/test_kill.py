"""F1: the broker is killed and restarted under publishing load. F4: it freezes."""

import asyncio
import time

from deploy.local.rabbitmq import PrivateNode
from tests.faults.broker.conftest import NodeBroker
from tests.faults.broker.levers import frozen
from tests.support.broker import Inbox, eventually
from tokenline.adapters.broker_rabbitmq import RabbitBroker
from tokenline.contracts.errors import BrokerUnavailable
from tokenline.contracts.topology import EVENTS, TICKETS, event_queue, ticket_queue

LINE = ticket_queue("load")
BACK_WITHIN_S = 5.0
PUBLISHERS = 20


class Load:
    """Publishes without pause from many tasks, each message until it is confirmed, as the keeper does."""

    def __init__(self, broker: RabbitBroker) -> None:
        self.confirmed: set[bytes] = set()
        self.failures = 0
        self.confirmed_at = 0.0
        self._broker = broker
        self._enough = asyncio.Event()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(PUBLISHERS):
                group.create_task(self._publish(number), name=f"load {number}")

    def stop(self) -> None:
        self._enough.set()

    async def _publish(self, number: int) -> None:
        count = 0
        while not self._enough.is_set():
            body = b"%d-%d" % (number, count)
            try:
                await self._broker.publish(TICKETS.name, "load", body)
            except BrokerUnavailable:
                self.failures += 1
                await asyncio.sleep(0.05)
                continue
            self.confirmed.add(body)
            self.confirmed_at = time.monotonic()
            count += 1


async def test_killed_under_load_publishes_again_and_loses_nothing_confirmed(
    node: PrivateNode, node_broker: NodeBroker
) -> None:
    broker = await node_broker("load")
    await broker.declare(LINE)
    load = Load(broker)
    running = asyncio.create_task(load.run(), name="load")

    async def under_way() -> bool:
        return len(load.confirmed) > 1000

    await eventually(under_way, 60.0)
    node.kill()
    confirmed_before = len(load.confirmed)
    node.start()
    await asyncio.to_thread(node.wait_ready)
    returned = time.monotonic()

    async def publishing_again() -> bool:
        return load.confirmed_at > returned

    await eventually(publishing_again, BACK_WITHIN_S)
    print(f"F1: publishing again {load.confirmed_at - returned:.2f} s after the broker's return")

    async def much_more() -> bool:
        return len(load.confirmed) > confirmed_before + 500

    await eventually(much_more, 60.0)
    load.stop()
    await running
    assert load.failures > 0

    inbox = Inbox(ack=True)
    # Publishing and consuming have connections of their own, and come back one by one.
    await broker.wait_connected()
    await broker.consume(LINE, inbox, prefetch=500)

    async def drained() -> bool:
        return await broker.depth(LINE) == 0 and load.confirmed <= {delivery.body for delivery in inbox.received}

    await eventually(drained, 60.0)


async def test_a_consumer_gets_its_unacknowledged_message_again_after_a_kill(
    node: PrivateNode, node_broker: NodeBroker
) -> None:
    """F2, F3: and what an exclusive queue held is gone, which ``on_restored`` says."""
    broker = await node_broker("worker")
    inbox, events, restored = Inbox(), Inbox(ack=True), asyncio.Event()

    async def on_restored() -> None:
        restored.set()

    line = ticket_queue("worker")
    await broker.consume(line, inbox, prefetch=1)
    await broker.consume(event_queue("g", "ticket.*"), events, prefetch=10, on_restored=on_restored)
    await broker.publish(TICKETS.name, "worker", b"running")
    held = await inbox.next()

    node.kill()
    node.start()
    await asyncio.to_thread(node.wait_ready)
    returned = time.monotonic()
    again = await inbox.next(6.0)
    print(f"F2: redelivered {time.monotonic() - returned:.2f} s after the broker's return")
    assert (again.body, again.redelivered) == (b"running", True)
    assert not await held.ack()
    assert await again.ack()
    async with asyncio.timeout(6.0):
        await restored.wait()
    await broker.wait_connected()
    assert await broker.tell(EVENTS.name, "ticket.queued", b"event")
    assert (await events.next()).body == b"event"


async def test_connecting_waits_for_a_broker_that_starts_later(node: PrivateNode, node_broker: NodeBroker) -> None:
    node.stop()
    broker = await node_broker("early", connect=False)
    connecting = asyncio.create_task(broker.connect(), name="connecting")

    async def tried() -> bool:
        return broker.problem is not None and "Connect call failed" in broker.problem

    await eventually(tried)
    node.start()
    async with asyncio.timeout(60.0):
        await connecting
    assert broker.connected


async def test_frozen_every_publish_gives_up_in_time_and_tell_does_not_wait(
    node: PrivateNode, node_broker: NodeBroker
) -> None:
    broker = await node_broker("frozen")
    await broker.declare(LINE)
    async with frozen(node):
        began = time.monotonic()
        outcomes = await asyncio.gather(
            *(broker.publish(TICKETS.name, "load", b"frozen") for _ in range(5)), return_exceptions=True
        )
        took = time.monotonic() - began
        assert [type(outcome) for outcome in outcomes] == [BrokerUnavailable] * 5
        assert took < 6.0
        assert broker.blocked
        slowest, told = 0.0, True
        for _ in range(2000):
            began = time.monotonic()
            told = await broker.tell(EVENTS.name, "ticket.queued", bytes(8192))
            slowest = max(slowest, time.monotonic() - began)
        print(f"F4: publish gave up after {took:.2f} s; slowest tell {slowest * 1000:.1f} ms")
        assert not told  # our own memory is not filled for a broker that does not read
        assert slowest < 0.5

    async def published() -> bool:
        try:
            await broker.publish(TICKETS.name, "load", b"thawed")
        except BrokerUnavailable:
            return False
        return True

    await eventually(published)
    assert not broker.blocked


async def test_closing_while_frozen_does_not_hang(node: PrivateNode, node_broker: NodeBroker) -> None:
    broker = await node_broker("leaving")
    async with frozen(node):
        while await broker.tell(EVENTS.name, "ticket.queued", bytes(8192)):
            pass
        began = time.monotonic()
        await broker.close()
        took = time.monotonic() - began
        print(f"F4: closed in {took:.2f} s")
        assert took < 5.0
