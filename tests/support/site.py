"""A site on loopback that says exactly what it is told to, byte by byte."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.support.receiver import TLS

Answer = bytes | Callable[[asyncio.StreamWriter], Awaitable[None]]


def says(body: bytes = b"", *, status: int = 200, length: int | None = None, **headers: str) -> bytes:
    """An answer. ``length``: what it claims to be long. Underscores in names of headers are hyphens."""
    lines = [f"HTTP/1.1 {status} So", f"content-length: {len(body) if length is None else length}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def leads_to(location: str, status: int = 302) -> bytes:
    return says(status=status, location=location)


@dataclass
class Site:
    """``pages`` by path; others are 404."""

    url: str = ""
    pages: dict[str, Answer] = field(default_factory=dict)
    connections: int = 0
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """Target and headers of each request."""
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    """Somebody hung up before all was said."""

    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer), name="site")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            target = head[0].split(" ")[1]
            lines = (line.partition(": ") for line in head[1:] if line)
            self.asked.append((target, {name.lower(): value for name, _, value in lines}))
            answer = self.pages.get(target.partition("?")[0], says(b"Nothing.", status=404))
            if isinstance(answer, bytes):
                writer.write(answer)
            else:
                await answer(writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            self.gone.set()
        finally:
            writer.close()


@asynccontextmanager
async def site(address: str = "127.0.0.1", *, tls: bool = False) -> AsyncIterator[Site]:
    """``tls``: as ``https://hooks.example``, wherever that name leads."""
    made = Site()
    trust = None
    if tls:
        trust = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        trust.load_cert_chain(TLS / "hooks.pem", TLS / "hooks.key")
    server = await asyncio.start_server(made.accept, address, 0, ssl=trust)
    port = server.sockets[0].getsockname()[1]
    made.url = f"https://hooks.example:{port}" if tls else f"http://{address}:{port}"
    try:
        yield made
    finally:
        server.close()
        await made.close()
