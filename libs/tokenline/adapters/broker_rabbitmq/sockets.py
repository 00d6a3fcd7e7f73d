"""The socket of one connection."""

import asyncio
from typing import Any

from aiormq import spec
from aiormq.connection import TCPTransportFactory, TLSTransportFactory, TransportFactory
from yarl import URL

from tokenline.adapters.broker_rabbitmq.tap import Tap
from tokenline.adapters.broker_rabbitmq.wire import METHOD, beginning

BACKLOG_LIMIT_BYTES = 256 * 1024
"""More than this unsent in our own memory: the broker does not read."""

_CONNECTION = 0
"""The channel on which a connection speaks of itself."""
_BLOCKED, _UNBLOCKED = beginning(spec.Connection.Blocked), beginning(spec.Connection.Unblocked)


class Socket(TransportFactory):
    """Opens the library's socket and keeps hold of it, to see what waits in it, to `Tap` it, to write past the library,
    and to drop it at once.
    """

    tap: Tap

    def __init__(self) -> None:
        self._writer: asyncio.StreamWriter | None = None
        self._taking = asyncio.Event()
        self._taking.set()

    async def create(self, url: URL, **options: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        factory = TLSTransportFactory() if url.scheme == "amqps" else TCPTransportFactory()
        reader, writer = await factory.create(url, **options)
        self._writer = writer
        # So that `room` waits for whatever `stalled` speaks of, also with TLS, whose own limit is another.
        writer.transport.set_write_buffer_limits(high=BACKLOG_LIMIT_BYTES)
        self.tap = Tap(reader.feed_data)
        self.tap.open(_CONNECTION, self._overhear)
        # All that the socket brings goes through it.
        reader.feed_data = self.tap.feed  # type: ignore[method-assign, assignment]
        return reader, writer

    def _overhear(self, kind: int, payload: bytes) -> bool:
        if kind == METHOD:
            if payload[:4] == _BLOCKED:
                self._taking.clear()
            elif payload[:4] == _UNBLOCKED:
                self._taking.set()
        return False

    @property
    def blocked(self) -> bool:
        """The broker has said that it reads no more from this connection."""
        return not self._taking.is_set()

    @property
    def stalled(self) -> bool:
        """What is written now would wait in our own memory, for nobody knows how long."""
        if self._writer is None:
            return False
        return self.blocked or self._writer.transport.get_write_buffer_size() > BACKLOG_LIMIT_BYTES

    async def room(self) -> None:
        """Returns when it is no longer `stalled`, or over. Raises `OSError` when it was lost with a backlog."""
        await self._taking.wait()
        if self._writer is not None:
            await self._writer.drain()

    def write(self, frames: bytes) -> bool:
        """Whole frames, past the library's writer, which writes whole frames, too: so they may come in between. False
        when the connection is gone. What the socket does not take waits in our memory: look at `stalled` before.
        """
        if self._writer is None or self._writer.transport.is_closing():
            return False
        self._writer.transport.write(frames)
        return True

    def release(self) -> None:
        """The connection is over: nobody waits any more until the broker takes messages on it."""
        self._taking.set()

    def abort(self) -> None:
        if self._writer is not None:
            self._writer.transport.abort()
