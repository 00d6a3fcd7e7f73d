"""Frames that go past uvicorn's `send`, read by a client that is strict about them."""

import asyncio
import gc
import socket
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import AsyncExitStack
from typing import Any

import pytest
import uvicorn
from websockets.asyncio.client import connect

from tokenline.runtime.connections import WRITE_BUFFER_BYTES, SocketConnection, direct_writer

COOKIE_BYTES = 4000
UPGRADE = (
    "GET / HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    f"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nCookie: {'x' * COOKIE_BYTES}\r\n\r\n"
).encode()
SERVING = [tracemalloc.Filter(True, f"*/{part}/*") for part in ("uvicorn", "websockets", "tokenline", "asyncio")]

Write = Callable[[bytes], bool]


class Served:
    """An app that hands out the writer of its last socket."""

    def __init__(self) -> None:
        self.write: Write | None = None
        self.over = asyncio.Event()
        self.port = 0

    async def __call__(
        self, scope: MutableMapping[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Any]
    ) -> None:
        await receive()
        self.write = direct_writer(scope)
        assert self.write is not None
        assert not self.write(b"before the handshake")
        await send({"type": "websocket.accept"})
        # As the chat's door does.
        scope.clear()
        await send({"type": "websocket.send", "text": "first"})
        while (await receive())["type"] != "websocket.disconnect":
            await send({"type": "websocket.send", "text": "again"})
        self.over.set()


@pytest.fixture
async def served(unused_tcp_port: int) -> AsyncIterator[Served]:
    app = Served()
    app.port = unused_tcp_port
    config = uvicorn.Config(
        app,
        port=unused_tcp_port,
        ws=SocketConnection,
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        # It keeps the headers as long as the socket.
        proxy_headers=False,
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn tells nobody
        await asyncio.sleep(0.01)
    yield app
    server.should_exit = True
    await serving


async def test_frames_of_every_length_arrive_between_those_of_others(served: Served) -> None:
    sizes = [0, 125, 126, 65_535, 65_536, 200_000]
    async with connect(f"ws://127.0.0.1:{served.port}/", max_size=None) as client:
        assert await client.recv() == "first"
        assert served.write is not None
        for size in sizes:
            assert served.write("ü".encode() * (size // 2) + b"x" * (size % 2))
            received = await client.recv()
            assert isinstance(received, str)
            assert len(received.encode()) == size
        await client.send("?")
        assert await client.recv() == "again"


async def test_a_socket_that_takes_nothing_or_has_ended_is_not_written_to(served: Served) -> None:
    async with connect(f"ws://127.0.0.1:{served.port}/", max_queue=1) as client:
        write = served.write
        assert write is not None
        written = 0
        # Nobody reads: the kernel's buffers fill, then ours, and then it says so.
        while write(b"x" * WRITE_BUFFER_BYTES):
            written += 1
            assert written < 10_000
            await asyncio.sleep(0)
        assert [len(await client.recv()) for _ in range(written + 1)][1:] == [WRITE_BUFFER_BYTES] * written
        async with asyncio.timeout(10):
            while not write(b"there is room again"):  # noqa: ASYNC110 - the transport tells nobody
                await asyncio.sleep(0.01)
    async with asyncio.timeout(10):
        await served.over.wait()
    assert not write(b"too late")


async def test_an_idle_socket_keeps_nothing_of_its_handshake_and_little_else(served: Served) -> None:
    count = 50
    async with AsyncExitStack() as stack:
        loop, opened = asyncio.get_running_loop(), []
        for _ in range(count):
            opened.append(stack.enter_context(socket.create_connection(("127.0.0.1", served.port))))
            opened[-1].setblocking(False)
        await asyncio.sleep(0.1)
        gc.collect()
        tracemalloc.start()
        stack.callback(tracemalloc.stop)
        for one in opened:
            await loop.sock_sendall(one, UPGRADE)
            assert b" 101 " in await loop.sock_recv(one, 4096)
        gc.collect()
        traces = tracemalloc.take_snapshot().filter_traces(SERVING).traces
    # As uvicorn has it, 14 KiB and three times the cookie.
    taken = sum(trace.size for trace in traces) / count
    assert 2000 < taken < 5500, taken
