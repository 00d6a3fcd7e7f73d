"""Posts to addresses that users gave, and reaches only those that are allowed."""

import asyncio
import ssl
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from httpcore2 import AsyncConnectionPool, ConnectError, NetworkError, ProtocolError, TimeoutException
from httpcore2 import default_ssl_context as system_trust

from tokenline.adapters.guarded_network import GuardedNetwork, Resolve, Resolver, about_tls
from tokenline.core.addresses import Address, Network, is_public, within
from tokenline.core.ports.poster import NotPosted


class GuardedPoster:
    """``https`` to public addresses and into ``networks``; ``http`` into ``networks`` only.

    A connection per post, proxies of the environment unheeded: whoever is connected to was judged.
    """

    def __init__(
        self,
        networks: Iterable[Network],
        timeout_s: float,
        *,
        resolve: Resolve | None = None,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._networks = tuple(networks)
        self._timeout_s = timeout_s
        self._resolver = Resolver()
        self._resolve = resolve or self._resolver
        self._trust = trust or system_trust()

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._post(url, headers, body)
        except (TimeoutError, TimeoutException) as error:
            raise NotPosted(f"No answer within {self._timeout_s:g} s.") from error
        except ConnectError as error:
            reason = "The certificate is not accepted." if about_tls(error) else "It cannot be connected to."
            raise NotPosted(reason) from error
        except (NetworkError, ProtocolError) as error:
            raise NotPosted("The connection broke, or the answer is not HTTP.") from error

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        parts = urlsplit(url)
        allowed = self._may_encrypted if parts.scheme == "https" else self._may_plain
        network = GuardedNetwork(allowed, self._resolve)
        named: list[tuple[bytes | str, bytes | str]] = [("host", parts.netloc), *headers.items()]
        async with (
            AsyncConnectionPool(self._trust, network_backend=network) as pool,
            pool.stream("POST", url, headers=named, content=body) as answer,
        ):
            return answer.status

    def _may_encrypted(self, address: Address) -> bool:
        return is_public(address) or within(address, self._networks)

    def _may_plain(self, address: Address) -> bool:
        return within(address, self._networks)

    async def close(self) -> None:
        self._resolver.close()
