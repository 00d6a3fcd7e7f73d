"""A message is, byte for byte, what the library would have written."""

from types import SimpleNamespace
from typing import cast

import pytest
from aiormq import spec
from aiormq.abc import ChannelFrame
from pamqp.body import ContentBody
from pamqp.header import ContentHeader

from tokenline.adapters.broker_rabbitmq.lane import Lane
from tokenline.adapters.broker_rabbitmq.outgoing import MESSAGE_TYPE, TRANSIENT, Outgoing, persistent

LARGEST = 100
SIZES = [0, 1, LARGEST - 1, LARGEST, LARGEST + 1, 3 * LARGEST]


def by_the_library(properties: spec.Basic.Properties, body: bytes, *, mandatory: bool) -> bytes:
    pieces = [ContentBody(body[start : start + LARGEST]) for start in range(0, len(body), LARGEST)]
    publish = spec.Basic.Publish(exchange="there", routing_key="here", mandatory=mandatory)
    return ChannelFrame.marshall(
        7, [publish, ContentHeader(properties=properties, body_size=len(body)), *pieces]
    ).payload


def outgoing(*, mandatory: bool) -> Outgoing:
    channel = SimpleNamespace(number=7, max_content_size=LARGEST)
    return Outgoing(cast(Lane, SimpleNamespace(channel=channel)), mandatory=mandatory)


def some(size: int) -> bytes:
    return bytes(number % 256 for number in range(size))


@pytest.mark.parametrize("size", SIZES)
def test_a_told_one(size: int):
    told = outgoing(mandatory=False)
    properties = spec.Basic.Properties(delivery_mode=1, message_type=MESSAGE_TYPE, message_id="-")
    expected = by_the_library(properties, some(size), mandatory=False)
    assert [told.frames("there", "here", TRANSIENT, some(size)) for _ in range(2)] == [expected] * 2


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("priority", "number"), [(0, 1), (9, 255), (10, 2**63)])
def test_a_published_one(size: int, priority: int, number: int):
    published = outgoing(mandatory=True)
    properties = spec.Basic.Properties(
        delivery_mode=2, message_type=MESSAGE_TYPE, priority=priority, message_id=f"{number:016x}"
    )
    expected = by_the_library(properties, some(size), mandatory=True)
    drawn = [published.frames("there", "here", persistent(priority, number), some(size)) for _ in range(2)]
    assert drawn == [expected] * 2


def test_a_server_without_a_limit_gets_a_body_in_one_frame():
    """``frame_max`` of 0, which the library reckons to less than nothing."""
    unlimited = Outgoing(
        cast(Lane, SimpleNamespace(channel=SimpleNamespace(number=7, max_content_size=-8))), mandatory=False
    )
    assert unlimited.frames("there", "here", TRANSIENT, b"abc").endswith(b"\x03\x00\x07\x00\x00\x00\x03abc\xce")
