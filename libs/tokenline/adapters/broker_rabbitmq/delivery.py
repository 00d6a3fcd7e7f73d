"""One message in hand, and the channel that holds it."""

import asyncio
from collections.abc import Awaitable, Callable

from aiormq import Channel
from aiormq.abc import DeliveredMessage

from tokenline.adapters.broker_rabbitmq.failures import CHANNEL_GONE, cancellations

SETTLE_LIMIT_S = 5.0


class Hold:
    """A consumer's channel and how many of its messages are in hand."""

    def __init__(self, channel: Channel, consumer_tag: str) -> None:
        self.channel = channel
        self.consumer_tag = consumer_tag
        self.lost = asyncio.Event()
        self.empty = asyncio.Event()
        self.empty.set()
        self._in_hand = 0

    def take(self, message: DeliveredMessage) -> "RabbitDelivery":
        self._in_hand += 1
        self.empty.clear()
        return RabbitDelivery(self, message)

    def let_go(self) -> None:
        self._in_hand -= 1
        if self._in_hand == 0:
            self.empty.set()

    def lose(self, *_: object) -> None:
        """The channel closed or the broker cancelled the consumer."""
        self.lost.set()


class RabbitDelivery:
    """Settled once: what a second call would do is what the first one did (RabbitMQ closes the channel otherwise)."""

    __slots__ = ("_hold", "_outcome", "_tag", "body", "priority", "redelivered")

    def __init__(self, hold: Hold, message: DeliveredMessage) -> None:
        self.body = message.body
        self.redelivered = bool(message.redelivered)
        self.priority = message.header.properties.priority or 0
        self._tag = message.delivery_tag or 0
        self._hold = hold
        self._outcome: bool | None = None

    async def ack(self) -> bool:
        return await self._settle(lambda channel: channel.basic_ack(self._tag, wait=False))

    async def reject(self) -> bool:
        return await self._settle(lambda channel: channel.basic_reject(self._tag, requeue=False, wait=False))

    async def _settle(self, send: Callable[[Channel], Awaitable[None]]) -> bool:
        if self._outcome is None:
            self._outcome = False
            self._outcome = await self._sent(send)
            self._hold.let_go()
        return self._outcome

    async def _sent(self, send: Callable[[Channel], Awaitable[None]]) -> bool:
        asked_before = cancellations()
        try:
            async with asyncio.timeout(SETTLE_LIMIT_S):
                await send(self._hold.channel)
        except (TimeoutError, *CHANNEL_GONE):
            return False
        except asyncio.CancelledError:
            if cancellations() > asked_before:
                raise
            return False
        return True


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
