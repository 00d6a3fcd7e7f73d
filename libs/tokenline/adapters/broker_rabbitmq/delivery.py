"""One message in hand, and the channel that holds it."""

import asyncio
import struct

from aiormq import spec
from pamqp.header import ContentHeader

from tokenline.adapters.broker_rabbitmq.lane import Lane
from tokenline.adapters.broker_rabbitmq.wire import END, METHOD

_SETTLING = struct.Struct(">BHIIQBB")
_PAYLOAD_BYTES = 13
_NO_MORE = 0
"""Of an acknowledgement: for this one alone. Of a rejection: not back to the queue."""

_TAG_BYTES = 8
_REDELIVERED = 1

Settling = type[spec.Basic.Ack | spec.Basic.Reject]


class Hold:
    """A consumer's channel and how many of its messages are in hand."""

    def __init__(self, lane: Lane, consumer_tag: str) -> None:
        self.lane = lane
        self.consumer_tag = consumer_tag
        self.lost = asyncio.Event()
        self.empty = asyncio.Event()
        self.empty.set()
        self._in_hand = 0

    def take(self, method: bytes, header: bytes, body: bytes) -> "RabbitDelivery":
        """``method`` and ``header`` are payloads of their frames."""
        self._in_hand += 1
        self.empty.clear()
        return RabbitDelivery(self, method, header, body)

    def settle(self, how: Settling, tag: int) -> bool:
        """Once for each that was taken. False when the channel is gone: the broker will deliver it again."""
        number = self.lane.channel.number
        sent = self.lane.write(_SETTLING.pack(METHOD, number, _PAYLOAD_BYTES, how.index, tag, _NO_MORE, END))
        self._in_hand -= 1
        if self._in_hand == 0:
            self.empty.set()
        return sent

    def lose(self, *_: object) -> None:
        """The channel closed or the broker cancelled the consumer."""
        self.lost.set()


class RabbitDelivery:
    """Settled once: what a second call would do is what the first one did (RabbitMQ closes the channel otherwise)."""

    __slots__ = ("_header", "_hold", "_outcome", "_tag", "body", "redelivered")

    def __init__(self, hold: Hold, method: bytes, header: bytes, body: bytes) -> None:
        at = 5 + method[4]  # behind what every method begins with, and the consumer's tag
        self.body = body
        self.redelivered = bool(method[at + _TAG_BYTES] & _REDELIVERED)
        self._tag = int.from_bytes(method[at : at + _TAG_BYTES], "big")
        self._header = header
        self._hold = hold
        self._outcome: bool | None = None

    @property
    def priority(self) -> int:
        header = ContentHeader()
        header.unmarshal(self._header)
        return header.properties.priority or 0

    async def ack(self) -> bool:
        return self._settle(spec.Basic.Ack)

    async def reject(self) -> bool:
        return self.reject_now()

    def reject_now(self) -> bool:
        return self._settle(spec.Basic.Reject)

    def _settle(self, how: Settling) -> bool:
        if self._outcome is None:
            self._outcome = self._hold.settle(how, self._tag)
        return self._outcome


class SettledDelivery:
    """One that the broker forgot on sending, so there is nothing to acknowledge."""

    __slots__ = ("body",)

    redelivered = False
    priority = 0

    def __init__(self, body: bytes) -> None:
        self.body = body

    async def ack(self) -> bool:
        return True

    async def reject(self) -> bool:
        return True

    def reject_now(self) -> bool:
        return True
