"""Fetches pages at addresses that users gave, and reaches only those that are allowed."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager

from httpcore2 import (
    URL,
    AsyncConnectionPool,
    ConnectError,
    NetworkError,
    ProtocolError,
    Request,
    Response,
    TimeoutException,
)
from httpcore2 import default_ssl_context as system_trust

from tokenline.adapters.guarded_network import GuardedNetwork, Resolve, Resolver, about_tls
from tokenline.adapters.unpacking import PACKINGS, unpacked
from tokenline.contracts.errors import NotFetched, TooLarge
from tokenline.core.addresses import Address, Network, is_public, within
from tokenline.core.web_address import WebAddress, redirected, web_address

MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HEADERS: tuple[tuple[str, str], ...] = (
    ("user-agent", "Tokenline"),
    ("accept", "text/html, application/xhtml+xml, application/pdf, text/*;q=0.9, */*;q=0.5"),
    ("accept-encoding", PACKINGS),
    ("connection", "close"),
)


class GuardedFetcher:
    """``http`` and ``https`` to public addresses and into ``networks``, at ``ports``.

    A connection for each step of the way, none shared, no proxies, no cookies: whoever is connected to was judged.
    """

    def __init__(
        self,
        networks: Iterable[Network],
        ports: Collection[int],
        timeout_s: float,
        max_bytes: int,
        *,
        resolve: Resolve | None = None,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        """``max_bytes``: of what is sent, and of what that unpacks to. ``timeout_s``: redirects and body together."""
        self._networks = tuple(networks)
        self._ports = frozenset(ports)
        self._timeout_s = timeout_s
        self._max_bytes = max_bytes
        self._resolver = Resolver()
        self._network = GuardedNetwork(self._may, resolve or self._resolver)
        self._trust = trust or system_trust()

    def check(self, url: str) -> WebAddress:
        return web_address(url, self._ports)

    async def open(self, address: WebAddress) -> "HttpPage":
        patience = _Patience(self._timeout_s, address.shown)
        for _ in range(MAX_REDIRECTS + 1):
            page = HttpPage(address, patience, self._max_bytes, self._trust, self._network)
            try:
                location = await page.ask()
            except BaseException:
                await page.close()
                raise
            if location is None:
                return page
            await page.close()
            address = redirected(address, location, self._ports)
        raise patience.failed(f"leads on to other addresses more than {MAX_REDIRECTS} times.")

    def _may(self, address: Address) -> bool:
        return is_public(address) or within(address, self._networks)

    async def close(self) -> None:
        self._resolver.close()


class _Patience:
    """The time limit of one fetch, and its failures in words that name it."""

    def __init__(self, timeout_s: float, name: str) -> None:
        self._timeout_s = timeout_s
        self._until = asyncio.get_running_loop().time() + timeout_s
        self.name = name

    def failed(self, how: str) -> NotFetched:
        return NotFetched(f"“{self.name}” {how}", name=self.name)

    @contextmanager
    def told(self) -> Iterator[None]:
        try:
            yield
        except (TimeoutError, TimeoutException) as error:
            raise self.failed(f"did not answer in full within {self._timeout_s:g} s.") from error
        except ConnectError as error:
            how = "has a certificate that is not accepted." if about_tls(error) else "cannot be connected to."
            raise self.failed(how) from error
        except (NetworkError, ProtocolError) as error:
            raise self.failed("broke off, or does not answer in HTTP.") from error

    def limit(self) -> asyncio.Timeout:
        return asyncio.timeout_at(self._until)


class HttpPage:
    def __init__(
        self, address: WebAddress, patience: _Patience, max_bytes: int, trust: ssl.SSLContext, network: GuardedNetwork
    ) -> None:
        self.address = address
        self._patience = patience
        self._max_bytes = max_bytes
        self._pool = AsyncConnectionPool(trust, max_connections=1, network_backend=network)
        self._response: Response | None = None
        self._headers: Mapping[str, str] = {}

    async def ask(self) -> str | None:
        """Where it leads on to; ``None``: the answer is its page."""
        address = self.address
        url = URL(scheme=address.scheme, host=address.host, port=address.port, target=address.target)
        request = Request("GET", url, headers=[("host", address.authority), *_HEADERS])
        with self._patience.told():
            async with self._patience.limit():
                self._response = await self._pool.handle_async_request(request)
        self._headers = {name.decode("latin-1").lower(): _text(value) for name, value in self._response.headers}
        if self._response.status in _REDIRECTS and "location" in self._headers:
            return self._headers["location"]
        if self._response.status not in (200, 203):
            raise self._patience.failed(f"answered with status {self._response.status}.")
        length = self._headers.get("content-length", "")
        if length.isdecimal() and len(length) < 20:
            self._check_size(int(length))
        return None

    @property
    def disposition(self) -> str | None:
        return self._headers.get("content-disposition")

    @property
    def content_type(self) -> str | None:
        return self._headers.get("content-type")

    @property
    def body(self) -> AsyncIterator[bytes]:
        return self._sized(unpacked(self._sized(self._sent()), self._headers.get("content-encoding", "")))

    async def close(self) -> None:
        if self._response is not None:
            await self._response.aclose()
        await self._pool.aclose()

    async def _sent(self) -> AsyncIterator[bytes]:
        if self._response is None:
            raise RuntimeError("a page is asked for before it is read")
        chunks = aiter(self._response.aiter_stream())
        while True:
            with self._patience.told():
                try:
                    async with self._patience.limit():
                        chunk = await anext(chunks)
                except StopAsyncIteration:
                    return
            yield chunk

    async def _sized(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in chunks:
            size += len(chunk)
            self._check_size(size)
            yield chunk

    def _check_size(self, size: int) -> None:
        if size > self._max_bytes:
            raise TooLarge(
                f"“{self._patience.name}” is larger than {self._max_bytes / 2**20:.0f} MiB.",
                name=self._patience.name,
                max_bytes=self._max_bytes,
            )


def _text(value: bytes) -> str:
    """Names of files come in UTF-8 as often as in what the standard says."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
