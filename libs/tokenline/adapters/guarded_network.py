"""Connects where a user said, but only to addresses that are allowed.

A name is resolved once, what it resolves to is judged, and exactly that is connected to, so that a name which resolves
to something else a moment later gains nothing. Redirects are the caller's: each is another connection, judged anew.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from httpcore2 import SOCKET_OPTION, AnyIOBackend, AsyncNetworkBackend, AsyncNetworkStream, ConnectError, ConnectTimeout

from tokenline.contracts.errors import AddressRefused
from tokenline.core.addresses import Address, plain

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host name, best first. Raises `OSError`."""
Allowed = Callable[[Address], bool]

TRIES = 3
"""Addresses of one name, at most."""


class GuardedNetwork(AsyncNetworkBackend):
    """For `httpcore2.AsyncConnectionPool`. Raises `AddressRefused` when no address of the name is allowed."""

    def __init__(self, allowed: Allowed, resolve: Resolve, network: AsyncNetworkBackend | None = None) -> None:
        self._allowed = allowed
        self._resolve = resolve
        self._network = network or AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 -- the signature is httpcore2's
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        try:
            addresses = [plain(text) for text in await self._resolve(host, port)]
        except OSError as error:
            raise ConnectError("The host name is unknown.") from error
        failure: Exception = AddressRefused()
        for address in list(filter(self._allowed, addresses))[:TRIES]:
            try:
                return await self._network.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except (ConnectError, ConnectTimeout) as error:
                failure = error
        raise failure


class Resolver:
    """The system's, in threads of its own: names that resolve slowly get in nobody else's way."""

    def __init__(self, threads: int = 8) -> None:
        self._threads = ThreadPoolExecutor(threads, "resolve")

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, _look_up, host, port)
        return list(dict.fromkeys(found))

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _look_up(host: str, port: int) -> list[str]:
    try:
        return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except UnicodeError as error:
        raise OSError("not a host name") from error


def about_tls(error: ConnectError) -> bool:
    """Whether the other side was reached and was not who it should be."""
    return isinstance(error.__cause__, ssl.SSLError) or isinstance(error.__context__, ssl.SSLError)
