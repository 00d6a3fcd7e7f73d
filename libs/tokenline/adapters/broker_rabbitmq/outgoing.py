"""The frames of a message to be sent, of parts that are made once.

The library draws them up anew each time, under a lock and a timer, and hands them to a task that writes: 140 µs a
message, of which this and `Lane.write` leave 30.
"""

from functools import cache

from aiormq import spec
from pamqp import frame

from tokenline.adapters.broker_rabbitmq.lane import Lane
from tokenline.adapters.broker_rabbitmq.wire import BODY, HEADER, framed
from tokenline.contracts.base import WIRE_VERSION

MESSAGE_TYPE = f"tokenline.{WIRE_VERSION}"

_TRANSIENT, _PERSISTENT = 1, 2
# The library draws a random id for each message that has none, which only one that may be returned needs.
TRANSIENT = spec.Basic.Properties(delivery_mode=_TRANSIENT, message_type=MESSAGE_TYPE, message_id="-").marshal()
_ID = "0" * 16
_CLASS = spec.Basic.frame_id.to_bytes(2, "big") + b"\0\0"
"""A header begins with it, and with a weight that means nothing; then the body's size."""


def persistent(priority: int, number: int) -> bytes:
    """Properties of a message that is known by its number when it is returned."""
    before, after = _around_id(priority)
    return b"%b%016x%b" % (before, number, after)


@cache
def _around_id(priority: int) -> tuple[bytes, bytes]:
    properties = spec.Basic.Properties(
        delivery_mode=_PERSISTENT, message_type=MESSAGE_TYPE, priority=priority, message_id=_ID
    )
    before, _, after = properties.marshal().partition(_ID.encode())
    return before, after


class Outgoing:
    """Messages on one channel. Those that are ``mandatory`` come back when no queue takes them."""

    def __init__(self, lane: Lane, *, mandatory: bool) -> None:
        self._lane = lane
        self._mandatory = mandatory
        self._methods: dict[tuple[str, str], bytes] = {}

    def send(self, exchange: str, routing_key: str, properties: bytes, body: bytes) -> bool:
        """As `Lane.write`."""
        return self._lane.write(self.frames(exchange, routing_key, properties, body))

    def frames(self, exchange: str, routing_key: str, properties: bytes, body: bytes) -> bytes:
        """To be written in one piece. Exchanges and keys are few and kept."""
        number, largest = self._lane.channel.number, self._lane.channel.max_content_size
        if largest <= 0:  # the server knows no limit
            largest = len(body) or 1
        method = self._methods.get((exchange, routing_key))
        if method is None:
            publish = spec.Basic.Publish(exchange=exchange, routing_key=routing_key, mandatory=self._mandatory)
            method = self._methods[exchange, routing_key] = frame.marshal(publish, number)
        size = len(body)
        parts = [method, framed(HEADER, number, b"%b%b%b" % (_CLASS, size.to_bytes(8, "big"), properties))]
        parts += [framed(BODY, number, body[start : start + largest]) for start in range(0, size, largest)]
        return b"".join(parts)
