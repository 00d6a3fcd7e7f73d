"""Order, limits, acknowledgement and dead letters."""

import asyncio

import pytest

from tests.contract.broker.conftest import Connect
from tests.support.broker import Inbox, eventually
from tokenline.contracts.errors import BrokerUnavailable, QueueFull
from tokenline.contracts.topology import DEAD_QUEUE, RESUME_PRIORITY, TICKETS, Queue, ticket_queue
from tokenline.core.ports.broker import Broker, Delivery

LINE = ticket_queue("gpt")


async def offer(broker: Broker, *bodies: bytes, priority: int = 0) -> None:
    for body in bodies:
        await broker.publish(TICKETS.name, "gpt", body, priority=priority)


async def wait_for_depth(broker: Broker, queue: Queue, depth: int) -> None:
    async def reached() -> bool:
        return await broker.depth(queue) == depth

    await eventually(reached)


async def test_higher_priority_first_and_arrival_order_inside_a_priority(broker: Broker) -> None:
    await broker.declare(LINE)
    await offer(broker, b"a", b"b", priority=3)
    await offer(broker, b"c", priority=9)
    await offer(broker, b"d", b"e")
    await offer(broker, b"resumed", priority=RESUME_PRIORITY)
    assert await broker.depth(LINE) == 6

    inbox = Inbox(ack=True)
    await broker.consume(LINE, inbox, prefetch=1)

    assert await inbox.bodies(6) == [b"resumed", b"c", b"a", b"b", b"d", b"e"]
    assert [delivery.priority for delivery in inbox.received] == [10, 9, 3, 3, 0, 0]
    assert not any(delivery.redelivered for delivery in inbox.received)


async def test_no_more_than_prefetch_in_hand(broker: Broker) -> None:
    inbox = Inbox()
    await broker.consume(LINE, inbox, prefetch=2)
    await offer(broker, b"1", b"2", b"3", b"4", b"5")
    first = await inbox.next()
    await inbox.next()
    await wait_for_depth(broker, LINE, 3)
    assert len(inbox.received) == 2

    assert await first.ack()
    assert (await inbox.next()).body == b"3"
    await wait_for_depth(broker, LINE, 2)


async def test_consumers_share_a_queue(connect: Connect) -> None:
    one, two = await connect("one"), await connect("two")
    first, second = Inbox(), Inbox()
    await one.consume(LINE, first, prefetch=1)
    await two.consume(LINE, second, prefetch=1)
    await offer(one, b"x", b"y")
    assert {(await first.next()).body, (await second.next()).body} == {b"x", b"y"}


async def test_a_lost_consumers_messages_come_back_in_their_old_places(connect: Connect) -> None:
    one, two = await connect("one"), await connect("two")
    dying = Inbox()
    await one.consume(LINE, dying, prefetch=2)
    await offer(two, b"a", b"b", b"c")
    held = [await dying.next(), await dying.next()]
    await one.close()
    assert [await delivery.ack() for delivery in held] == [False, False]
    await wait_for_depth(two, LINE, 3)

    heir = Inbox(ack=True)
    await two.consume(LINE, heir, prefetch=1)
    assert await heir.bodies(3) == [b"a", b"b", b"c"]
    assert [delivery.redelivered for delivery in heir.received] == [True, True, False]


async def test_a_rejected_message_goes_to_the_dead_letter_queue(broker: Broker) -> None:
    inbox = Inbox()
    await broker.consume(LINE, inbox, prefetch=1)
    await offer(broker, b"poison")
    assert await (await inbox.next()).reject()

    morgue = Inbox(ack=True)
    await broker.consume(DEAD_QUEUE, morgue, prefetch=1)
    assert (await morgue.next()).body == b"poison"


async def test_a_message_whose_handler_fails_is_rejected_and_the_next_one_handled(broker: Broker) -> None:
    inbox = Inbox(ack=True)

    async def handle(delivery: Delivery) -> None:
        if delivery.body == b"bad":
            raise ValueError("cannot read this")
        await inbox(delivery)

    await broker.consume(LINE, handle, prefetch=1)
    await offer(broker, b"bad", b"good")
    assert (await inbox.next()).body == b"good"
    await wait_for_depth(broker, DEAD_QUEUE, 1)


async def test_settling_twice_changes_nothing(broker: Broker) -> None:
    inbox = Inbox()
    await broker.consume(LINE, inbox, prefetch=1)
    await offer(broker, b"1", b"2")
    first = await inbox.next()
    assert await first.ack()
    assert await first.ack()
    assert await first.reject()
    second = await inbox.next()
    assert (second.body, second.redelivered) == (b"2", False)
    assert await broker.depth(DEAD_QUEUE) == 0


async def test_a_full_queue_refuses_and_keeps_what_it_has(broker: Broker) -> None:
    short = ticket_queue("short", max_length=3)
    await broker.declare(short)
    for body in (b"1", b"2", b"3"):
        await broker.publish(TICKETS.name, "short", body)
    with pytest.raises(QueueFull):
        await broker.publish(TICKETS.name, "short", b"4", priority=9)
    assert await broker.depth(short) == 3

    inbox = Inbox(ack=True)
    await broker.consume(short, inbox, prefetch=1)
    assert await inbox.bodies(3) == [b"1", b"2", b"3"]
    await broker.publish(TICKETS.name, "short", b"5")
    assert (await inbox.next()).body == b"5"


async def test_of_many_published_at_once_those_that_find_no_room_are_refused_and_no_others(broker: Broker) -> None:
    short, long = ticket_queue("short", max_length=3), ticket_queue("long")
    await broker.declare(short)
    await broker.declare(long)
    pools = ["short", "long"] * 10
    outcomes = await asyncio.gather(
        *(broker.publish(TICKETS.name, pool, b"%d" % number) for number, pool in enumerate(pools)),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes[1::2]] == [type(None)] * 10
    refused = [isinstance(outcome, QueueFull) for outcome in outcomes[::2]]
    assert await broker.depth(short) == refused.count(False) >= 3
    assert await broker.depth(long) == 10


async def test_a_large_message_arrives_whole_and_is_settled(broker: Broker) -> None:
    """RabbitMQ sends it in many frames, and may put others between them."""
    inbox = Inbox()
    await broker.consume(LINE, inbox, prefetch=3)
    large = bytes(range(256)) * 4096
    await offer(broker, large, b"", large + b"!")
    held = [await inbox.next() for _ in range(3)]
    assert sorted(delivery.body for delivery in held) == sorted([large, b"", large + b"!"])
    assert [await delivery.ack() for delivery in held] == [True] * 3
    await broker.publish(TICKETS.name, "gpt", b"next")
    assert (await inbox.next()).body == b"next"


async def test_purging_throws_away_what_is_ready_and_leaves_what_is_in_hand(broker: Broker) -> None:
    inbox = Inbox()
    await broker.consume(LINE, inbox, prefetch=1)
    await offer(broker, b"in hand", b"one", b"two")
    held = await inbox.next()
    await wait_for_depth(broker, LINE, 2)
    assert await broker.purge(LINE) == 2
    assert await broker.depth(LINE) == 0
    assert await broker.purge(LINE) == 0
    assert await held.ack()
    await offer(broker, b"three")
    assert (await inbox.next()).body == b"three"
    with pytest.raises(BrokerUnavailable):
        await broker.purge(ticket_queue("missing"))


async def test_a_cancelled_consumption_takes_no_more_and_keeps_what_it_has(broker: Broker) -> None:
    inbox = Inbox()
    consumption = await broker.consume(LINE, inbox, prefetch=1)
    await offer(broker, b"in hand", b"waiting")
    held = await inbox.next()
    await consumption.cancel()
    await consumption.cancel()
    assert await held.ack()
    assert await broker.depth(LINE) == 1

    heir = Inbox(ack=True)
    await broker.consume(LINE, heir, prefetch=10)
    delivery = await heir.next()
    assert (delivery.body, delivery.redelivered) == (b"waiting", False)
    await wait_for_depth(broker, LINE, 0)
    assert len(heir.received) == len(inbox.received) == 1


async def test_a_handler_may_hand_the_message_on(broker: Broker) -> None:
    """A run outlives its handler and acknowledges when the answer is stored."""
    inbox = Inbox()
    await broker.consume(LINE, inbox, prefetch=1)
    await offer(broker, b"long", b"next")
    held = await inbox.next()
    await wait_for_depth(broker, LINE, 1)
    acknowledge = asyncio.create_task(held.ack(), name="a run that ends")
    assert await acknowledge
    assert (await inbox.next()).body == b"next"
