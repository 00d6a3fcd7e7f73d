"""A told message is, byte for byte, what the library would have written."""

from types import SimpleNamespace
from typing import cast

import pytest
from aiormq import Channel, spec
from aiormq.abc import ChannelFrame
from pamqp.body import ContentBody
from pamqp.header import ContentHeader

from tokenline.adapters.broker_rabbitmq.told import MESSAGE_TYPE, Told

LARGEST = 100


def by_the_library(body: bytes) -> bytes:
    properties = spec.Basic.Properties(delivery_mode=1, message_type=MESSAGE_TYPE, message_id="-")
    pieces = [ContentBody(body[start : start + LARGEST]) for start in range(0, len(body), LARGEST)]
    publish = spec.Basic.Publish(exchange="there", routing_key="here")
    return ChannelFrame.marshall(
        7, [publish, ContentHeader(properties=properties, body_size=len(body)), *pieces]
    ).payload


@pytest.mark.parametrize("size", [0, 1, LARGEST - 1, LARGEST, LARGEST + 1, 3 * LARGEST])
async def test_as_the_library_writes_it(size: int):
    channel = SimpleNamespace(number=7, max_content_size=LARGEST)
    told = Told(cast(Channel, channel))
    body = bytes(number % 256 for number in range(size))
    assert [told.frames("there", "here", body) for _ in range(2)] == [by_the_library(body)] * 2
