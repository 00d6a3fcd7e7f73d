"""A message in hand says what RabbitMQ said of it, and is settled once."""

from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pamqp import commands, frame, header

from tests.unit.adapters.broker_rabbitmq.frames import deliver
from tokenline.adapters.broker_rabbitmq.delivery import Hold, RabbitDelivery
from tokenline.adapters.broker_rabbitmq.lane import Lane


class Channel:
    """Keeps what is written on it. ``open``: whether it still can be."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.open = True
        lane = SimpleNamespace(channel=SimpleNamespace(number=9), write=self._write)
        self.hold = Hold(cast(Lane, lane), "c")

    def _write(self, frames: bytes) -> bool:
        if self.open:
            self.written.append(frames)
        return self.open

    def take(self, tag: int = 7) -> RabbitDelivery:
        return self.hold.take(*payloads(deliver(tag), commands.Basic.Properties()), b"x")


def payloads(method: commands.Basic.Deliver, properties: commands.Basic.Properties) -> tuple[bytes, bytes]:
    head = header.ContentHeader(properties=properties, body_size=1)
    return frame.marshal(method, 9)[7:-1], frame.marshal(head, 9)[7:-1]


@given(
    consumer_tag=st.text("abc", max_size=255),
    tag=st.integers(1, 2**63 - 1),
    redelivered=st.booleans(),
    priority=st.none() | st.integers(0, 255),
    headers=st.none() | st.dictionaries(st.text("abc", min_size=1, max_size=9), st.integers(0, 9)),
    kind=st.none() | st.text("abc", min_size=1, max_size=99),
)
def test_what_rabbitmq_says_of_it(consumer_tag, tag, redelivered, priority, headers, kind):
    method = commands.Basic.Deliver(
        consumer_tag=consumer_tag, delivery_tag=tag, redelivered=redelivered, exchange="e", routing_key="k"
    )
    properties = commands.Basic.Properties(content_type=kind, headers=headers, delivery_mode=2, priority=priority)
    channel = Channel()
    delivery = channel.hold.take(*payloads(method, properties), b"body")
    assert (delivery.body, delivery.redelivered, delivery.priority) == (b"body", redelivered, priority or 0)
    delivery.reject_now()
    assert channel.written == [frame.marshal(commands.Basic.Reject(delivery_tag=tag, requeue=False), 9)]


async def test_settled_once_as_the_library_would():
    channel = Channel()
    acknowledged, rejected = channel.take(7), channel.take(8)
    assert [await acknowledged.ack(), await acknowledged.reject(), await acknowledged.ack()] == [True] * 3
    assert [await rejected.reject(), await rejected.ack()] == [True] * 2
    assert channel.written == [
        frame.marshal(commands.Basic.Ack(delivery_tag=7, multiple=False), 9),
        frame.marshal(commands.Basic.Reject(delivery_tag=8, requeue=False), 9),
    ]


@pytest.mark.parametrize("then_open", [False, True])
async def test_what_could_not_be_settled_stays_so(then_open: bool):
    channel = Channel()
    delivery = channel.take()
    channel.open = False
    assert not await delivery.ack()
    channel.open = then_open
    assert not await delivery.ack()
    assert channel.written == []


async def test_a_channel_is_empty_when_its_last_message_is_settled():
    channel = Channel()
    assert channel.hold.empty.is_set()
    first, second = channel.take(1), channel.take(2)
    await first.ack()
    await first.ack()
    assert not channel.hold.empty.is_set()
    channel.open = False
    await second.reject()
    assert channel.hold.empty.is_set()
