"""A receiver of webhooks on loopback: keeps what it was sent and answers as it is told."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

TLS = Path(__file__).parent / "tls"
"""A certificate of ``hooks.example`` that nobody but tests trusts, valid until 2126."""


@dataclass
class Sent:
    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """``statuses`` are answered one after the other, the last one from then on."""

    statuses: list[int] = field(default_factory=lambda: [204])
    sent: list[Sent] = field(default_factory=list)
    connections: int = 0
    extra: bytes = b""
    """Header lines of every answer."""
    silent: bool = False
    """Never answers."""
    url: str = ""
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, met: Callable[[], bool], within_s: float = 30) -> None:
        async with asyncio.timeout(within_s):
            while not met():
                self._news.clear()
                await self._news.wait()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
            body = await reader.readexactly(int(headers["content-length"]))
            self.sent.append(Sent(head[0], headers, body))
            status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
            self._news.set()
            if not self.silent:
                writer.write(b"HTTP/1.1 %d Status\r\n%bcontent-length: 0\r\n\r\n" % (status, self.extra))
                await writer.drain()
            await reader.read()
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            return
        finally:
            writer.close()


@asynccontextmanager
async def receiving(*statuses: int, tls: bool = False) -> AsyncIterator[Receiver]:
    """``tls``: as ``https://hooks.example``, wherever that name leads."""
    receiver = Receiver(list(statuses) or [204])
    trust = None
    if tls:
        trust = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        trust.load_cert_chain(TLS / "hooks.pem", TLS / "hooks.key")
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, ssl=trust)
    port = server.sockets[0].getsockname()[1]
    receiver.url = f"https://hooks.example:{port}/end" if tls else f"http://127.0.0.1:{port}/end"
    try:
        yield receiver
    finally:
        server.close()
