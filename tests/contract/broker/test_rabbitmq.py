"""What only RabbitMQ has: names, properties of messages, its alarms' notices, refused logins."""

import asyncio
from collections.abc import AsyncIterator

import aio_pika
import pytest

from deploy.local.rabbitmq import NodeHandle
from tests.contract.broker.engines import RabbitEngine
from tests.support.broker import Inbox, eventually, no_tasks_left
from tokenline.adapters.broker_rabbitmq.topology import has_quorum_priorities
from tokenline.contracts.errors import BrokerUnavailable
from tokenline.contracts.topology import DEAD_QUEUE, EVENTS, EXCHANGES, TICKETS, event_queue, ticket_queue

LINE = ticket_queue("gpt")


@pytest.fixture
async def rabbit(broker_node: NodeHandle, vhost: str) -> AsyncIterator[RabbitEngine]:
    engine = RabbitEngine(broker_node, vhost)
    yield engine
    await engine.close()
    await no_tasks_left()


async def test_two_connections_with_their_names(rabbit: RabbitEngine) -> None:
    broker = rabbit.broker("gateway g1")
    await broker.connect()
    assert sorted(await rabbit.connections()) == ["gateway g1 consume", "gateway g1 publish"]
    await broker.close()
    assert broker.problem == "closed"


async def test_published_messages_are_persistent_and_told_ones_are_not(rabbit: RabbitEngine) -> None:
    broker = rabbit.broker()
    await broker.connect()
    await broker.declare(LINE)
    await broker.publish(TICKETS.name, "gpt", b"\x00body", priority=7)
    assert await broker.tell(TICKETS.name, "gpt", b"told")
    async with await aio_pika.connect(rabbit.url) as connection:
        queue = await (await connection.channel()).get_queue(LINE.name)
        published, told = [await queue.get(no_ack=True), await queue.get(no_ack=True)]
    await broker.close()
    assert (published.body, published.priority, published.type) == (b"\x00body", 7, "tokenline.1")
    assert published.delivery_mode is aio_pika.DeliveryMode.PERSISTENT
    assert (told.body, told.type) == (b"told", "tokenline.1")
    assert told.delivery_mode is aio_pika.DeliveryMode.NOT_PERSISTENT


async def test_connecting_declares_all_exchanges_and_the_dead_letter_queue(rabbit: RabbitEngine) -> None:
    broker = rabbit.broker()
    await broker.connect()
    await broker.close()
    async with await aio_pika.connect(rabbit.url) as connection:
        channel = await connection.channel()
        for exchange in EXCHANGES:
            await channel.get_exchange(exchange.name)
        await channel.get_queue(DEAD_QUEUE.name)


async def test_connecting_can_be_given_up(rabbit: RabbitEngine) -> None:
    broker = rabbit.broker(user="stranger")
    connecting = asyncio.create_task(broker.connect(), name="connecting")

    async def refused() -> bool:
        return broker.problem is not None and "ACCESS_REFUSED" in broker.problem

    await eventually(refused)
    connecting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await connecting
    assert not broker.connected
    await no_tasks_left()


async def test_changes_of_the_connection_are_observed(rabbit: RabbitEngine) -> None:
    seen: list[bool] = []
    took: list[tuple[str, float]] = []
    broker = rabbit.broker(
        observe_publish=lambda exchange, seconds: took.append((exchange, seconds)),
        observe_connected=seen.append,
    )
    await broker.connect()
    assert seen[-1] is True
    await broker.declare(LINE)
    await broker.publish(TICKETS.name, "gpt", b"")
    assert [exchange for exchange, _ in took] == [TICKETS.name]
    assert took[0][1] > 0
    await rabbit.cut()

    async def lost_and_back() -> bool:
        return False in seen[1:] and seen[-1]

    await eventually(lost_and_back)
    assert broker.problem is None
    await broker.close()
    assert seen[-1] is False


async def test_an_exchange_deleted_behind_a_listener_is_put_back_without_a_publish(rabbit: RabbitEngine) -> None:
    listener, speaker = rabbit.broker("listener"), rabbit.broker("speaker")
    await listener.connect()
    await speaker.connect()
    inbox = Inbox(ack=True)
    await listener.consume(event_queue("a", "ticket.*"), inbox, prefetch=5)
    await rabbit.delete_exchange(EVENTS.name)

    async def bound_again() -> bool:
        try:
            await speaker.publish(EVENTS.name, "ticket.queued", b"heard")
        except BrokerUnavailable:
            return False
        return True

    await eventually(bound_again, 2.0)
    assert (await inbox.next()).body == b"heard"


async def test_a_hundred_publishes_at_once_are_each_confirmed(rabbit: RabbitEngine) -> None:
    broker = rabbit.broker()
    await broker.connect()
    await broker.declare(LINE)
    await asyncio.gather(*(broker.publish(TICKETS.name, "gpt", b"%d" % n) for n in range(100)))
    assert await broker.depth(LINE) == 100


async def test_told_and_published_messages_keep_out_of_each_others_frames(rabbit: RabbitEngine) -> None:
    broker = rabbit.broker()
    await broker.connect()
    await broker.declare(LINE)
    inbox = Inbox(ack=True)
    await broker.consume(event_queue("a", "big"), inbox, prefetch=5)
    # The first takes two frames, and all together less than `sockets.BACKLOG_LIMIT_BYTES`.
    bodies = [bytes([n]) * (1_000 if n else 200_000) for n in range(20)]

    async def publish(number: int) -> None:
        await broker.publish(TICKETS.name, "gpt", b"%d" % number)

    async def tell(body: bytes) -> None:
        assert await broker.tell(EVENTS.name, "big", body)

    await asyncio.gather(*map(publish, range(50)), *map(tell, bodies), *map(publish, range(50)))
    assert [(await inbox.next()).body for _ in bodies] == bodies
    assert await broker.depth(LINE) == 100


async def test_a_message_larger_than_a_frame(rabbit: RabbitEngine) -> None:
    broker = rabbit.broker()
    await broker.connect()
    inbox = Inbox(ack=True)
    await broker.consume(event_queue("a", "big"), inbox, prefetch=5)
    body = bytes(range(256)) * 4096
    assert await broker.tell(EVENTS.name, "big", body)
    await broker.publish(EVENTS.name, "big", body)
    assert [(await inbox.next()).body == body for _ in range(2)] == [True, True]


@pytest.mark.parametrize(
    ("version", "expected"),
    [("3.10.8", False), ("4.2.1", False), ("4.3.0", True), ("4.3.0-rc.1", True), ("10.0.0", True), ("", False)],
)
def test_quorum_queues_have_priorities_from_4_3(version: str, expected: bool) -> None:
    assert has_quorum_priorities(version) is expected
