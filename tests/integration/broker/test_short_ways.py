"""What goes past the library keeps out of its way: whatever channels, connections and bytes do."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import takewhile

import aiormq
import pytest
from pamqp import body, frame, header
from pamqp.commands import Basic, Channel, Confirm, Connection
from pamqp.frame import FrameTypes

from tests.support.amqp_peer import Peer, PeerLink, amqp_peer
from tests.support.broker import LIMIT_S, Inbox, eventually, no_tasks_left
from tokenline.adapters.broker_rabbitmq import RabbitBroker
from tokenline.adapters.broker_rabbitmq.sockets import Socket
from tokenline.adapters.broker_rabbitmq.wire import BODY, METHOD, beginning, framed
from tokenline.contracts.errors import BrokerUnavailable, QueueFull
from tokenline.contracts.topology import EVENTS, TICKETS, event_queue, ticket_queue
from tokenline.core.ports.broker import Consumption, Delivery

LINE = ticket_queue("gpt")
AT_ONCE_S = 2.0
"""Less than the five seconds after which a publish gives up."""


@pytest.fixture(params=["tcp", "tls"])
async def peer(request: pytest.FixtureRequest) -> AsyncIterator[Peer]:
    async with amqp_peer(tls=request.param == "tls") as peer:
        yield peer


@pytest.fixture
async def broker(peer: Peer) -> AsyncIterator[RabbitBroker]:
    client = RabbitBroker(peer.url, "one", jitter=lambda: 0.0)
    async with asyncio.timeout(LIMIT_S):
        await client.connect()
    yield client
    await client.close()
    await peer.close()
    await no_tasks_left()


async def consume(broker: RabbitBroker, peer: Peer, inbox: Inbox) -> tuple[Consumption, PeerLink, int]:
    """And the connection and the channel on which it consumes."""
    consumption = await broker.consume(LINE, inbox, prefetch=10)
    link = peer.link("consume")
    [(channel, _)] = link.all(Basic.Consume)
    return consumption, link, channel


def delivery(tag: int, content: bytes = b"x", *, step: int = 1000) -> list[FrameTypes]:
    deliver = Basic.Deliver(consumer_tag="one consume.3", delivery_tag=tag, exchange=TICKETS.name, routing_key="gpt")
    head = header.ContentHeader(properties=Basic.Properties(priority=3), body_size=len(content))
    return [deliver, head, *(body.ContentBody(content[at : at + step]) for at in range(0, len(content), step))]


def confirming(link: PeerLink) -> int:
    [(channel, _)] = link.all(Confirm.Select)
    return channel


async def turns(count: int) -> None:
    """Of the loop."""
    for _ in range(count):
        await asyncio.sleep(0)


async def in_turns(*attempts: Callable[[], Awaitable[object]]) -> None:
    """Until cancelled, each once in every turn of the loop."""
    while True:
        for attempt in attempts:
            await attempt()
        await asyncio.sleep(0)


def said_when_closed(link: PeerLink, channel: int, end: type[Channel.Close | Channel.CloseOk]) -> list[str]:
    """By the client on the channel, after its own ``end`` and before it opened that number again."""
    said = [method for number, method in link.heard if number == channel]
    ended = next(at for at, method in enumerate(said) if isinstance(method, end))
    return [method.name for method in takewhile(lambda method: not isinstance(method, Channel.Open), said[ended + 1 :])]


# ── confirms ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_each_publish_is_told_its_own_answer(peer: Peer, broker: RabbitBroker, caplog) -> None:
    publishes = [
        asyncio.create_task(broker.publish(TICKETS.name, "gpt", b"%d" % number), name=f"publish {number}")
        for number in range(1, 6)
    ]
    link = peer.link("publish")
    channel, _ = await link.until(Basic.Publish, 5)
    link.say(channel, Basic.Ack(delivery_tag=2, multiple=True), Basic.Nack(delivery_tag=3), Basic.Ack(delivery_tag=5))
    link.say(channel, Basic.Nack(delivery_tag=4, multiple=True))
    outcomes = await asyncio.gather(*publishes, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [type(None), type(None), QueueFull, QueueFull, type(None)]
    assert [record for record in caplog.records if record.name.startswith("aiormq") and record.levelno >= 30] == []


async def test_a_lost_connection_fails_all_who_wait_at_once(peer: Peer, broker: RabbitBroker) -> None:
    publishes = [asyncio.create_task(broker.publish(TICKETS.name, "gpt", b""), name="publish") for _ in range(3)]
    link = peer.link("publish")
    await link.until(Basic.Publish, 3)
    link.writer.transport.abort()
    async with asyncio.timeout(AT_ONCE_S):
        outcomes = await asyncio.gather(*publishes, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [BrokerUnavailable] * 3


@pytest.mark.parametrize("lost", ["confirmed", "told"])
async def test_on_a_channel_that_the_server_closed_nothing_more_is_said(
    peer: Peer, broker: RabbitBroker, lost: str
) -> None:
    """RabbitMQ would take that for a breach of the protocol, and end the connection with all that is on it."""
    link = peer.link("publish")

    async def publish() -> None:
        publishing = asyncio.create_task(broker.publish(TICKETS.name, "gpt", b"x"), name="publish")
        await asyncio.sleep(0)
        publishing.cancel()
        await asyncio.wait([publishing])

    async def tell() -> None:
        await broker.tell(EVENTS.name, "ticket.queued", b"x")

    talking = asyncio.create_task(in_turns(publish, tell), name="talking")
    confirmed = confirming(link)
    await link.until(Basic.Publish, 2)
    channel = next(c for c, _ in link.all(Basic.Publish) if (c == confirmed) == (lost == "confirmed"))
    link.say(channel, Channel.Close(reply_code=404, reply_text="no exchange", class_id=60, method_id=40))
    await link.until(Channel.CloseOk)
    before = len(link.all(Basic.Publish))
    await link.until(Basic.Publish, before + 50)
    talking.cancel()
    await asyncio.wait([talking])
    assert said_when_closed(link, channel, Channel.CloseOk) == []
    assert broker.connected


async def test_what_is_held_back_by_an_alarm_is_not_sent_and_fails_with_the_connection(
    peer: Peer, broker: RabbitBroker
) -> None:
    link = peer.link("publish")
    link.say(0, Connection.Blocked(reason="low on memory"))

    async def blocked() -> bool:
        return broker.blocked

    await eventually(blocked)
    assert not await broker.tell(EVENTS.name, "ticket.queued", b"")
    publishing = asyncio.create_task(broker.publish(TICKETS.name, "gpt", b"held back"), name="publish")
    await asyncio.sleep(0)
    link.say(0, Connection.Close(reply_code=320, reply_text="shutdown", class_id=0, method_id=0))
    with pytest.raises(BrokerUnavailable):
        async with asyncio.timeout(AT_ONCE_S):
            await publishing
    await link.until(Connection.CloseOk)
    assert link.all(Basic.Publish) == []
    assert not broker.blocked


async def test_what_is_held_back_by_an_alarm_is_sent_when_it_is_over(peer: Peer, broker: RabbitBroker) -> None:
    link = peer.link("publish")
    link.say(0, Connection.Blocked(reason="low on memory"))

    async def blocked() -> bool:
        return broker.blocked

    await eventually(blocked)
    publishing = asyncio.create_task(broker.publish(TICKETS.name, "gpt", b"held back"), name="publish")
    link.say(0, Connection.Unblocked())
    channel, _ = await link.until(Basic.Publish)
    link.say(channel, Basic.Ack(delivery_tag=1))
    await publishing
    assert not broker.blocked


async def test_what_a_peer_does_not_read_is_not_sent_and_what_fits_is(peer: Peer, broker: RabbitBroker) -> None:
    """Our own memory is not filled for it, and what was given up before it was sent never arrives."""
    link = peer.link("publish")
    link.listening.clear()
    count, large = 400, bytes(100_000)
    publishes = [
        asyncio.create_task(broker.publish(TICKETS.name, "gpt", large), name=f"publish {number}")
        for number in range(count)
    ]

    async def stalled() -> bool:
        return not await broker.tell(EVENTS.name, "ticket.queued", b"")

    await eventually(stalled)
    for publishing in publishes:
        publishing.cancel()
    await asyncio.wait(publishes)
    last = asyncio.create_task(broker.publish(TICKETS.name, "gpt", b"the last"), name="the last")
    link.listening.set()

    async def the_last_confirmed() -> bool:
        sent = [channel for channel, _ in link.all(Basic.Publish) if channel == confirming(link)]
        link.say(confirming(link), Basic.Ack(delivery_tag=len(sent), multiple=True))
        return last.done()

    await eventually(the_last_confirmed)
    await last
    sent = [channel for channel, _ in link.all(Basic.Publish) if channel == confirming(link)]
    assert 1 < len(sent) < count


async def test_room_is_waited_for_while_a_peer_does_not_read(peer: Peer) -> None:
    socket = Socket()
    async with aiormq.connect(peer.url, transport_factory=socket):
        link = peer.links[-1]
        link.listening.clear()
        while not socket.stalled:
            assert socket.write(framed(BODY, 1, bytes(50_000)))
            # So that the peer takes all that it takes without reading.
            await turns(20)
        waiting = asyncio.create_task(socket.room(), name="waiting for room")
        await turns(20)
        assert not waiting.done()
        link.listening.set()
        async with asyncio.timeout(LIMIT_S):
            await waiting
        assert not socket.stalled


# ── deliveries ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_message_of_many_frames_in_pieces(peer: Peer, broker: RabbitBroker) -> None:
    inbox = Inbox(ack=True)
    _, link, channel = await consume(broker, peer, inbox)
    content = bytes(range(256)) * 10
    stream = b"".join(frame.marshal(one, channel) for one in delivery(1, content, step=300) + delivery(2, b""))
    for at in range(0, len(stream), 7):
        link.write(stream[at : at + 7])
        await link.writer.drain()
        await asyncio.sleep(0)
    first, second = await inbox.next(), await inbox.next()
    assert (first.body, first.priority, second.body) == (content, 3, b"")
    await link.until(Basic.Ack, 2)
    assert [(number, said.delivery_tag) for number, said in link.all(Basic.Ack)] == [(channel, 1), (channel, 2)]


async def test_on_a_consumers_channel_that_the_server_closed_nothing_more_is_said(
    peer: Peer, broker: RabbitBroker
) -> None:
    inbox = Inbox()
    _, link, channel = await consume(broker, peer, inbox)
    link.say(channel, *(one for tag in range(1, 201) for one in delivery(tag)))
    held = iter([await inbox.next() for _ in range(200)])
    outcomes: list[bool] = []

    async def ack() -> None:
        outcomes.append(await next(held).ack())

    acknowledging = asyncio.create_task(in_turns(ack), name="acknowledging")
    link.say(channel, Channel.Close(reply_code=406, reply_text="timeout", class_id=0, method_id=0))
    await link.until(Channel.CloseOk)
    await link.until(Basic.Consume, 2)
    acknowledging.cancel()
    await asyncio.wait([acknowledging])
    assert said_when_closed(link, channel, Channel.CloseOk) == []
    assert outcomes[0]
    assert not outcomes[-1]


async def test_on_a_channel_that_is_being_closed_nothing_more_is_said(peer: Peer, broker: RabbitBroker) -> None:
    """As when its queue was deleted: the consumer is gone, and what it has in hand with it."""
    inbox = Inbox()
    _, link, channel = await consume(broker, peer, inbox)
    link.say(channel, *(one for tag in range(1, 201) for one in delivery(tag)))
    held = iter([await inbox.next() for _ in range(200)])
    outcomes: list[bool] = []

    async def ack() -> None:
        outcomes.append(await next(held).ack())

    peer.unanswered.add(Channel.Close)
    acknowledging = asyncio.create_task(in_turns(ack), name="acknowledging")
    link.say(channel, Basic.Cancel(consumer_tag=link.all(Basic.Consume)[0][1].consumer_tag))
    await link.until(Channel.Close)
    acknowledging.cancel()
    await asyncio.wait([acknowledging])
    assert said_when_closed(link, channel, Channel.Close) == []
    assert outcomes[0]
    assert not outcomes[-1]
    # Nobody could settle what still comes on it.
    link.say(channel, *delivery(201, b"late"), Channel.CloseOk())
    await link.until(Basic.Consume, 2)
    assert b"late" not in {received.body for received in inbox.received}


async def test_what_comes_while_the_connection_closes_is_not_left_running(peer: Peer, broker: RabbitBroker) -> None:
    begun = asyncio.Event()

    async def forever(_: Delivery) -> None:
        begun.set()
        await asyncio.Event().wait()

    await broker.consume(LINE, forever, prefetch=10)
    link = peer.link("consume")
    peer.unanswered.add(Connection.Close)
    closing = asyncio.create_task(broker.close(), name="closing")
    await link.until(Connection.Close)
    link.say(link.all(Basic.Consume)[0][0], *delivery(1))
    await begun.wait()
    await closing
    assert not [task for task in asyncio.all_tasks() if task.get_name() == f"handle {LINE.name}"]


async def test_leaving_that_is_given_up_gives_up_what_is_in_hand(peer: Peer, broker: RabbitBroker) -> None:
    """The library then closes the channel: after that, too, nothing more may be said on it."""
    inbox = Inbox()
    consumption, link, channel = await consume(broker, peer, inbox)
    link.say(channel, *(one for tag in range(1, 201) for one in delivery(tag)))
    held = iter([await inbox.next() for _ in range(200)])
    outcomes: list[bool] = []

    async def ack() -> None:
        outcomes.append(await next(held).ack())

    peer.unanswered.add(Basic.Cancel)
    leaving = asyncio.create_task(consumption.cancel(), name="leaving")
    await link.until(Basic.Cancel)
    acknowledging = asyncio.create_task(in_turns(ack), name="acknowledging")
    await link.until(Basic.Ack)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    await link.until(Channel.Close)
    acknowledging.cancel()
    await asyncio.wait([acknowledging])
    assert said_when_closed(link, channel, Channel.Close) == []
    assert outcomes[0]
    assert not outcomes[-1]


async def test_a_channel_is_left_when_its_last_message_is_settled(peer: Peer, broker: RabbitBroker) -> None:
    inbox = Inbox()
    consumption, link, channel = await consume(broker, peer, inbox)
    link.say(channel, *delivery(1), *delivery(2))
    first, second = await inbox.next(), await inbox.next()
    await consumption.cancel()
    assert await first.ack()
    await link.until(Basic.Ack)
    assert link.all(Channel.Close) == []
    assert await second.reject()
    await link.until(Channel.Close)
    names = [said.name for number, said in link.heard if number == channel]
    assert names[-3:] == ["Basic.Ack", "Basic.Reject", "Channel.Close"]


@pytest.mark.parametrize("nonsense", ["a frame without its end", "a method without its fields"])
async def test_a_peer_that_talks_nonsense_is_hung_up_on(peer: Peer, broker: RabbitBroker, nonsense: str) -> None:
    inbox = Inbox(ack=True)
    _, link, channel = await consume(broker, peer, inbox)
    frames = [frame.marshal(one, channel) for one in delivery(1)]
    if nonsense == "a frame without its end":
        frames[0] = frames[0][:-1] + b"!"
    else:
        frames[0] = framed(METHOD, channel, beginning(Basic.Deliver))
    link.write(b"".join(frames))

    async def consuming_again() -> bool:
        return peer.link("consume") is not link and bool(peer.link("consume").all(Basic.Consume))

    await eventually(consuming_again)
    link = peer.link("consume")
    link.say(link.all(Basic.Consume)[0][0], *delivery(1, b"sense"))
    assert (await inbox.next()).body == b"sense"


async def test_a_listener_on_an_exclusive_queue_says_nothing(peer: Peer, broker: RabbitBroker) -> None:
    inbox = Inbox(ack=True)
    await broker.consume(event_queue("a", "ticket.*"), inbox, prefetch=10)
    link = peer.link("consume")
    [(channel, consuming)] = link.all(Basic.Consume)
    assert consuming.no_ack
    link.say(channel, *delivery(1, b"heard"))
    assert (await inbox.next()).body == b"heard"
    await broker.close()
    assert link.all(Basic.Ack) == []
