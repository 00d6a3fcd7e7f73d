"""Where messages go, and what happens to those that go nowhere."""

import asyncio
from contextlib import suppress

import pytest

from tests.contract.broker.conftest import Connect
from tests.contract.broker.engines import Engine
from tests.support.broker import Inbox, eventually
from tokenline.contracts.errors import BrokerUnavailable, TopologyMismatch
from tokenline.contracts.topology import (
    CONTROL,
    EVENTS,
    REPLIES,
    TICKETS,
    Queue,
    control_queue,
    event_queue,
    reply_queue,
    ticket_queue,
)
from tokenline.core.ports.broker import Broker


async def test_topic_patterns(broker: Broker) -> None:
    tickets, everything, workers = Inbox(ack=True), Inbox(ack=True), Inbox(ack=True)
    await broker.consume(event_queue("a", "ticket.*"), tickets, prefetch=10)
    await broker.consume(event_queue("b", "#"), everything, prefetch=10)
    await broker.consume(event_queue("c", "worker.*", "*.queued"), workers, prefetch=10)
    for key in ("ticket.queued", "worker.seen", "ticket.a.b"):
        assert await broker.tell(EVENTS.name, key, key.encode())
    assert await everything.bodies(3) == [b"ticket.queued", b"worker.seen", b"ticket.a.b"]
    assert await workers.bodies(2) == [b"ticket.queued", b"worker.seen"]
    assert await tickets.bodies(1) == [b"ticket.queued"]
    assert (len(tickets.received), len(workers.received)) == (1, 2)


async def test_replies_reach_the_gateway_they_are_for(connect: Connect) -> None:
    one, two, worker = await connect("one"), await connect("two"), await connect("worker")
    first, second = Inbox(ack=True), Inbox(ack=True)
    await one.consume(reply_queue("g1", "i1"), first, prefetch=10)
    await two.consume(reply_queue("g2", "i1"), second, prefetch=10)
    assert await worker.tell(REPLIES.name, "g2", b"for two")
    assert await worker.tell(REPLIES.name, "g1", b"for one")
    assert (await first.next()).body == b"for one"
    assert (await second.next()).body == b"for two"


async def test_control_reaches_one_worker_or_all(connect: Connect) -> None:
    one, two = await connect("one"), await connect("two")
    first, second = Inbox(ack=True), Inbox(ack=True)
    await one.consume(control_queue("w1", "i"), first, prefetch=10)
    await two.consume(control_queue("w2", "i"), second, prefetch=10)
    await one.tell(CONTROL.name, "worker.w1", b"you")
    await one.tell(CONTROL.name, "workers", b"all")
    assert await first.bodies(2) == [b"you", b"all"]
    assert await second.bodies(1) == [b"all"]


async def test_an_exclusive_queue_waits_for_no_acknowledgement(broker: Broker) -> None:
    queue = Queue(
        name="tokenline.replies.small",
        exchange=REPLIES.name,
        routing_keys=("small",),
        durable=False,
        exclusive=True,
        max_length=2,
    )
    inbox = Inbox()
    await broker.consume(queue, inbox, prefetch=1)
    for body in (b"1", b"2", b"3", b"4", b"5"):
        await broker.publish(REPLIES.name, "small", body)
    received = [await inbox.next() for _ in range(5)]
    assert [delivery.body for delivery in received] == [b"1", b"2", b"3", b"4", b"5"]
    assert await received[0].ack()


async def test_a_message_for_nobody_is_not_published_and_the_key_is_named(broker: Broker) -> None:
    with pytest.raises(BrokerUnavailable, match="nowhere"):
        await broker.publish(TICKETS.name, "nowhere", b"lost?")
    with pytest.raises(BrokerUnavailable, match="no-such-exchange"):
        await broker.publish("no-such-exchange", "nowhere", b"lost?")
    # Neither harms what follows.
    await broker.declare(ticket_queue("gpt"))
    await broker.publish(TICKETS.name, "gpt", b"kept")


async def test_telling_nobody_is_no_failure(broker: Broker) -> None:
    assert await broker.tell(EVENTS.name, "ticket.queued", b"anyone?")


async def test_nothing_works_before_connecting(engine: Engine) -> None:
    broker = engine.broker()
    queue = ticket_queue("gpt")
    assert not broker.connected
    assert not broker.blocked
    assert not await broker.tell(EVENTS.name, "ticket.queued", b"")
    with pytest.raises(BrokerUnavailable):
        await broker.publish(TICKETS.name, "gpt", b"")
    with pytest.raises(BrokerUnavailable):
        await broker.declare(queue)
    with pytest.raises(BrokerUnavailable):
        await broker.consume(queue, Inbox(), prefetch=1)
    with pytest.raises(BrokerUnavailable):
        await broker.depth(queue)
    await broker.close()


async def test_of_many_published_at_once_those_that_nobody_takes_fail_and_no_others(broker: Broker) -> None:
    await broker.declare(ticket_queue("gpt"))
    pools = ["gpt", "nobody's", "gpt"] * 10
    outcomes = await asyncio.gather(
        *(broker.publish(TICKETS.name, pool, pool.encode()) for pool in pools), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [type(None), BrokerUnavailable, type(None)] * 10
    assert await broker.depth(ticket_queue("gpt")) == 20


async def test_nothing_works_after_closing_until_connected_again(broker: Broker) -> None:
    queue = ticket_queue("gpt")
    await broker.declare(queue)
    await broker.close()
    assert not broker.connected
    with pytest.raises(BrokerUnavailable):
        await broker.publish(TICKETS.name, "gpt", b"")
    await broker.connect()
    await broker.publish(TICKETS.name, "gpt", b"")
    assert await broker.depth(queue) == 1


async def test_the_depth_of_a_queue_that_does_not_exist(broker: Broker) -> None:
    with pytest.raises(BrokerUnavailable, match="missing"):
        await broker.depth(ticket_queue("missing"))
    await broker.declare(ticket_queue("gpt"))
    assert await broker.depth(ticket_queue("gpt")) == 0


async def test_other_arguments_are_a_mismatch_that_names_the_queue(broker: Broker) -> None:
    inbox = Inbox(ack=True)
    await broker.consume(ticket_queue("gpt"), inbox, prefetch=1)
    with pytest.raises(TopologyMismatch, match=r"tokenline\.tickets\.gpt") as raised:
        await broker.declare(ticket_queue("gpt", max_length=7))
    assert raised.value.detail["name"] == "tokenline.tickets.gpt"
    with pytest.raises(TopologyMismatch):
        await broker.consume(ticket_queue("gpt", max_length=7), inbox, prefetch=1)
    # Everybody else goes on.
    await broker.publish(TICKETS.name, "gpt", b"still here")
    assert (await inbox.next()).body == b"still here"


async def test_a_mismatch_is_remembered_until_the_queue_has_gone(connect: Connect, engine: Engine) -> None:
    former, upgraded = await connect("former"), await connect("upgraded")
    await former.declare(ticket_queue("gpt"))
    assert former.mismatch is None
    with pytest.raises(TopologyMismatch):
        await upgraded.declare(ticket_queue("gpt", max_length=7))
    assert upgraded.mismatch is not None
    assert "tokenline.tickets.gpt" in upgraded.mismatch
    await engine.delete_queue("tokenline.tickets.gpt")

    async def fits() -> bool:
        return upgraded.mismatch is None

    await eventually(fits)
    with suppress(BrokerUnavailable):
        await upgraded.publish(TICKETS.name, "gpt", b"to declare it, where nothing else does")
    await upgraded.publish(TICKETS.name, "gpt", b"taken")
