"""A blocking WebSocket client that costs next to nothing (RFC 6455, uncompressed): it is not what is measured."""

import base64
import os
import re
import socket
import struct

from tests.bench.streaming.work import BrokenRun

_TEXT, _PONG = 1, 10
_PING = re.compile(rb"\x89\x04(.{4})", re.DOTALL)
"""As uvicorn sends it. In ASCII text and its frames' heads these bytes do not meet."""
_LIMIT_S = 30.0


def open_socket(port: int, path: str, **headers: str) -> socket.socket:
    """Connected and upgraded. Raises `BrokenRun` when the server refuses."""
    opened = socket.create_connection(("127.0.0.1", port), timeout=_LIMIT_S)
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    opened.sendall("\r\n".join([*lines, "", ""]).encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = opened.recv(1)
        if not byte:
            raise BrokenRun(f"no socket: {head!r}")
        head += byte
    if b" 101 " not in head:
        raise BrokenRun(f"no socket: {head!r}")
    return opened


def receive(opened: socket.socket) -> tuple[int, bytes]:
    """The next frame: kind and payload. Blocks up to half a minute."""
    kind, size = _exactly(opened, 2)
    if size == 126:
        (size,) = struct.unpack("!H", _exactly(opened, 2))
    elif size == 127:
        (size,) = struct.unpack("!Q", _exactly(opened, 8))
    return kind & 0x0F, _exactly(opened, size)


def pongs(data: bytes) -> bytes:
    """What must be answered when this arrives; mostly nothing."""
    return b"".join(frame(_PONG, payload) for payload in _PING.findall(data)) if b"\x89" in data else b""


def text_frame(payload: bytes) -> bytes:
    return frame(_TEXT, payload)


def frame(kind: int, payload: bytes) -> bytes:
    """A zero mask is a mask: the payload needs no XOR."""
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    return bytes([0x80 | kind]) + length + b"\0\0\0\0" + payload


def _exactly(opened: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = opened.recv(size - len(data))
        if not more:
            raise BrokenRun("the server closed a socket")
        data += more
    return data
