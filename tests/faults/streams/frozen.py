"""Peers that ask and then take nothing, as a frozen process would, and what a gateway holds for them."""

import base64
import os
import socket
import struct
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx2

from tests.support.system import TLS, System

RECEIVE_BUFFER_BYTES = 8 * 1024


class Frozen:
    """``with Frozen(system, gateway, request)``: sends bytes and never reads, but for the hands a socket shakes."""

    def __init__(self, system: System, gateway: str, request: bytes) -> None:
        address = urlsplit(system.url(gateway))
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        self.socket.connect((address.hostname, address.port))
        self.socket.sendall(request)
        if b"upgrade: websocket" in request:
            # What is said before that is lost.
            assert self.socket.recv(4096).startswith(b"HTTP/1.1 101 ")

    def say(self, data: bytes) -> None:
        with suppress(ConnectionError):
            self.socket.sendall(data)

    def __enter__(self) -> "Frozen":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()


def get(path: str, key: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n\r\n".encode()


def post(path: str, key: str, body: bytes) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\n"
    return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


def upgrade(key: str) -> bytes:
    nonce = base64.b64encode(os.urandom(16)).decode()
    return (
        f"GET /api/v1/chat/ws HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\nupgrade: websocket\r\n"
        f"connection: upgrade\r\nsec-websocket-key: {nonce}\r\nsec-websocket-version: 13\r\n\r\n"
    ).encode()


def frame(text: bytes, opcode: int = 1) -> bytes:
    """A client's frame, masked with zeros."""
    return struct.pack("!BBHI", 0x80 | opcode, 0xFE, len(text), 0) + text


def connections(system: System, gateway: str) -> int:
    """Descriptors that the process holds; those of peers come and go, its own stay."""
    return len(os.listdir(f"/proc/{system.processes[gateway].pid}/fd"))


def resident_bytes(system: System, gateway: str) -> int:
    status = Path(f"/proc/{system.processes[gateway].pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


def sockets(system: System, gateway: str) -> float:
    text = httpx2.get(f"{system.url(gateway)}/metrics", timeout=5, verify=TLS).text
    return float(text.partition("\ntokenline_sockets ")[2].split()[0])
