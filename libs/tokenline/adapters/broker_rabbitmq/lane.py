"""A channel, with a short way past the library for what is frequent on it."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from aiormq import Channel, spec

from tokenline.adapters.broker_rabbitmq.sockets import Socket
from tokenline.adapters.broker_rabbitmq.tap import Reader
from tokenline.adapters.broker_rabbitmq.wire import METHOD, beginning

_CLOSE = beginning(spec.Channel.Close)

T = TypeVar("T")


class Lane:
    """``reader`` gets what arrives on it and takes what it likes. The library does the rest, on ``channel``.

    A frame on a channel that is closed, or about to be, would cost the whole connection. The library knows of that only
    some turns of the loop after it has answered RabbitMQ, so it is seen here.
    """

    def __init__(self, channel: Channel, socket: Socket) -> None:
        self.channel = channel
        self.reader: Reader | None = None
        self._socket = socket
        self._closing = False
        socket.tap.open(channel.number, self._read)
        channel.closing.add_done_callback(lambda _: socket.tap.close(channel.number, self._read))

    @property
    def closed(self) -> bool:
        return self._closing or self.channel.is_closed

    def write(self, frames: bytes) -> bool:
        """As `Socket.write`; False, too, when the channel is closed."""
        return not self.closed and self._socket.write(frames)

    async def ask(self, call: Coroutine[Any, Any, T]) -> T:
        """Wait for what the library does on the channel. When that is given up, the library closes the channel, which
        is seen here first.
        """
        asking = asyncio.get_running_loop().create_task(call, name=f"asking on channel {self.channel.number}")
        try:
            return await asyncio.shield(asking)
        except asyncio.CancelledError:
            self._closing = True
            asking.cancel()
            raise

    async def close(self) -> None:
        """Raises what the library raises."""
        self._closing = True
        await self.channel.close()

    def _read(self, kind: int, payload: bytes) -> bool:
        if self.reader is not None and self.reader(kind, payload):
            return True
        if kind == METHOD and payload[:4] == _CLOSE:
            self._closing = True
        return False
