"""A TCP relay in front of a gateway, to hurt the link of a client with: cut it, or let nothing pass."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Self

_CHUNK_BYTES = 64 * 1024


class Relay:
    """``async with Relay(port) as relay``, in the test's own loop; the client is given `url`."""

    def __init__(self, port: int) -> None:
        self.links = 0
        """Connections ever taken."""
        self.brought = 0
        """Bytes that clients sent and the gateway took."""
        self._at_most: int | None = None
        self._full = asyncio.Event()
        self._refuses = False
        self._target = port
        self._pass = asyncio.Event()
        self._pass.set()
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def swallow(self) -> None:
        """Nothing that the gateway says passes any more, not even the end of a connection."""
        self._pass.clear()

    def restore(self) -> None:
        self._pass.set()

    async def full(self, brought: int) -> None:
        """Let clients bring so many bytes in all, and stand still in the middle of what they say beyond that."""
        self._full.clear()
        self._at_most = brought
        await self._full.wait()

    def refuse(self) -> None:
        """Every connection ends at once, and so does each later one, until `welcome`."""
        self._refuses = True
        self.cut()

    def welcome(self) -> None:
        self._refuses = False
        self._at_most = None

    def cut(self) -> None:
        """Every connection ends at once; later ones work."""
        for writer in self._open:
            writer.transport.abort()
        self._open.clear()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self._port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refuses:
            writer.transport.abort()
            return
        self.links += 1
        task = asyncio.ensure_future(self._link(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _bring(self, more: int) -> None:
        if self._at_most is not None and self.brought >= self._at_most:
            self._full.set()
            # For good: whoever filled it cuts the link.
            await asyncio.Event().wait()
        self.brought += more

    async def _take(self, _: int) -> None:
        await self._pass.wait()

    async def _link(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        try:
            server, to_server = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            to_client.transport.abort()
            return
        self._open |= {to_client, to_server}
        halves = [
            asyncio.ensure_future(_half(client, to_server, self._bring)),
            asyncio.ensure_future(_half(server, to_client, self._take)),
        ]
        try:
            await asyncio.wait(halves, return_when=asyncio.FIRST_COMPLETED)
            await self._pass.wait()
        finally:
            for half in halves:
                half.cancel()
            await asyncio.gather(*halves, return_exceptions=True)
            for writer in (to_client, to_server):
                self._open.discard(writer)
                writer.transport.abort()


async def _half(
    source: asyncio.StreamReader, sink: asyncio.StreamWriter, let: Callable[[int], Awaitable[object]]
) -> None:
    """``let`` is asked before so many bytes are handed on."""
    try:
        while data := await source.read(_CHUNK_BYTES):
            await let(len(data))
            sink.write(data)
            await sink.drain()
    except OSError:
        pass  # one side is gone: so is the link
