"""How requests of the ``openai`` client travel: over connections of our own; proxies stay with the client's."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any, cast

import aiohappyeyeballs
import httpx2
from aiohappyeyeballs import AddrInfoType

from tokenline.adapters.model_openai.connection import Connection

_TRY_NEXT_S = 0.25
"""RFC 8305: so long the first address has before the next one is tried beside it."""
_KNOWN_S = 10.0
"""So long a name is not looked up again."""

Origin = tuple[str, str, int]


class Body(httpx2.AsyncByteStream):
    """The body to come. `read` and `pour` are for those who know that it is ours: they save the layers in between."""

    def __init__(self, transport: "DirectTransport", origin: Origin, connection: Connection) -> None:
        self._transport = transport
        self._origin = origin
        self._connection: Connection | None = connection
        self.read = connection.read
        self.pour = connection.pour

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while data := await self.read():
            yield data

    async def aclose(self) -> None:
        """Harmless when closed."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._transport.take_back(self._origin, connection)


class DirectTransport(httpx2.AsyncBaseTransport):
    """HTTP/1.1 to whoever is asked, without a limit on connections. Idle ones are kept for ``idle_s``.

    Nothing is asked twice: a request that meets a connection just closed fails.
    """

    def __init__(self, idle_s: float) -> None:
        self._idle_s = idle_s
        self._idle: dict[Origin, list[Connection]] = {}
        self._opening: dict[Origin, list[asyncio.Task[Connection]]] = {}
        """Connections that are opened ahead of their requests."""
        self._addresses: dict[tuple[str, int], tuple[float, Sequence[AddrInfoType]]] = {}
        self._tls: ssl.SSLContext | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Raises `httpx2.TransportError`. The body is the caller's to close; `Body` is the extension ``body``."""
        url = request.url
        if url.scheme not in ("http", "https") or not url.host:
            raise httpx2.UnsupportedProtocol(f"This is no address of a model: {url.scheme}://{url.host}")
        origin = _origin(url)
        head, content = _head(request), await request.aread()
        connection = self._take(origin) or await self._opened(origin, request.extensions)
        try:
            await connection.ask(head + content)
        except BaseException:
            connection.abort()
            raise
        body = Body(self, origin, connection)
        return httpx2.Response(
            connection.status, headers=connection.headers, stream=body, request=request, extensions={"body": body}
        )

    def expect(self, request: httpx2.Request) -> None:
        """One like this follows in a moment: have a connection for it. That it fails is for the request to say."""
        origin = _origin(request.url)
        if self._idle.get(origin):
            return
        opening = asyncio.create_task(self._connect(origin, request.extensions), name="model.connect")
        self._opening.setdefault(origin, []).append(opening)
        opening.add_done_callback(partial(self._keep, origin))

    async def aclose(self) -> None:
        openings = list(chain.from_iterable(self._opening.values()))
        for opening in openings:
            opening.cancel()
        await asyncio.gather(*openings, return_exceptions=True)
        for connections in list(self._idle.values()):
            for connection in list(connections):
                connection.abort()

    def take_back(self, origin: Origin, connection: Connection) -> None:
        """Its response is read, or wanted no more."""
        if not connection.reusable:
            connection.abort()
            return
        idle = self._idle.setdefault(origin, [])
        idle.append(connection)
        connection.rest(self._idle_s, lambda: idle.remove(connection))

    async def _opened(self, origin: Origin, extensions: Mapping[str, Any]) -> Connection:
        """One that is being opened ahead, or another one."""
        ahead = self._opening.get(origin)
        if not ahead:
            return await self._connect(origin, extensions)
        opening = ahead.pop(0)
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            ahead.append(opening)  # for another request
            if opening.done():
                self._keep(origin, opening)
            raise

    def _keep(self, origin: Origin, opening: asyncio.Task[Connection]) -> None:
        """It is open before its request is there, unless that waits for it."""
        ahead = self._opening[origin]
        if opening in ahead:
            ahead.remove(opening)
            if not opening.cancelled() and opening.exception() is None:
                self.take_back(origin, opening.result())

    def _take(self, origin: Origin) -> Connection | None:
        idle = self._idle.get(origin, [])
        while idle:
            connection = idle.pop()
            connection.rouse()
            if connection.reusable:
                return connection
            connection.abort()
        return None

    async def _connect(self, origin: Origin, extensions: Mapping[str, Any]) -> Connection:
        scheme, host, port = origin
        tls = {"ssl": self._context(), "server_hostname": host} if scheme == "https" else {}
        try:
            async with asyncio.timeout(extensions.get("timeout", {}).get("connect")):
                return await self._open(host, port, **tls)
        except TimeoutError:
            raise httpx2.ConnectTimeout(f"{host} did not take the connection in time.") from None
        except (OSError, ssl.SSLError) as error:
            self._addresses.pop((host, port), None)
            raise httpx2.ConnectError(f"No connection to {host}: {error}.") from error

    async def _open(self, host: str, port: int, **tls: Any) -> Connection:
        loop = asyncio.get_running_loop()
        addresses = await self._addresses_of(host, port)
        if len(addresses) == 1 and addresses[0][0] is socket.AF_INET:
            # Nothing to race. An address of IPv6 may have a scope besides.
            where, port = addresses[0][4][:2]
            _, connection = await loop.create_connection(Connection, where, port, **tls)
        else:
            opened = await aiohappyeyeballs.start_connection(addresses, happy_eyeballs_delay=_TRY_NEXT_S, loop=loop)
            _, connection = await loop.create_connection(Connection, sock=opened, **tls)
        return connection

    async def _addresses_of(self, host: str, port: int) -> Sequence[AddrInfoType]:
        loop = asyncio.get_running_loop()
        until, found = self._addresses.get((host, port), (0.0, ()))
        if until < loop.time():
            found = cast(Sequence[AddrInfoType], await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM))
            self._addresses[host, port] = loop.time() + _KNOWN_S, found
        return found

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = httpx2.create_ssl_context()
        return self._tls


def _origin(url: httpx2.URL) -> Origin:
    return url.scheme, url.host, url.port or (443 if url.scheme == "https" else 80)


def _head(request: httpx2.Request) -> bytes:
    lines = [b"%b %b HTTP/1.1" % (request.method.encode(), request.url.raw_path)]
    lines += [b"%b: %b" % header for header in request.headers.raw]
    if any(b"\n" in line or b"\r" in line for line in lines):
        raise httpx2.LocalProtocolError("A header has a line break in it.")
    return b"\r\n".join([*lines, b"", b""])
