"""A WebSocket client that costs next to nothing (RFC 6455, uncompressed), so that it is not what is measured."""

import asyncio
import base64
import os
from collections.abc import Callable
from typing import cast

_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10


class SocketClient(asyncio.Protocol):
    """``on_text`` gets every text frame's payload; replace it at will. ``closed`` gets the code, 1006 where there is
    none, when the server is gone."""

    def __init__(self, host: str, path: str) -> None:
        self.on_text: Callable[[bytes], None] = lambda _: None
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.closed: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._handshake = (
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n\r\n"
        )
        self._data = b""
        self._code = 1006

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._handshake.encode())

    def connection_lost(self, exc: Exception | None) -> None:
        lost = ConnectionError(f"the server closed the socket: {exc or self._data[:200]!r}")
        if not self.opened.done():
            self.opened.set_exception(lost)
        self.closed.set_result(self._code)

    def send(self, text: bytes) -> None:
        self._frame(_TEXT, text)

    def close(self) -> None:
        if not self.closed.done():
            self._frame(_CLOSE, b"")
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._data += data
        if not self.opened.done():
            head, end, rest = self._data.partition(b"\r\n\r\n")
            if not end:
                return
            if b" 101 " not in head:
                self._transport.close()
                return
            self._data = rest
            self.opened.set_result(None)
        while (frame := self._next_frame()) is not None:
            kind, payload = frame
            if kind == _TEXT:
                self.on_text(payload)
            elif kind == _CLOSE:
                self._code = int.from_bytes(payload[:2], "big")
                self._transport.close()
            elif kind == _PING:
                self._frame(_PONG, payload)

    def _next_frame(self) -> tuple[int, bytes] | None:
        data = self._data
        if len(data) < 2:
            return None
        size, start = data[1] & 0x7F, 2
        if size >= 126:
            start = 4 if size == 126 else 10
            size = int.from_bytes(data[2:start], "big")
        if len(data) < start + size:
            return None
        self._data = data[start + size :]
        return data[0] & 0x0F, data[start : start + size]

    def _frame(self, kind: int, payload: bytes) -> None:
        """A zero mask is a mask: the payload needs no XOR."""
        size = len(payload)
        length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
        self._transport.write(bytes([0x80 | kind]) + length + b"\0\0\0\0" + payload)


async def connect(port: int, path: str) -> SocketClient:
    loop = asyncio.get_running_loop()
    host = f"127.0.0.1:{port}"
    _transport, client = await loop.create_connection(lambda: SocketClient(host, path), "127.0.0.1", port)
    await client.opened
    return client
