"""Keeps what nobody signed in for from taking the time of those who did (B14).

Counted are requests that show no good credential and come to nothing. A network address that made too many of them in a
short time is closed for a moment, and so is everybody who shows no credential when there are too many in all. Whoever
shows one that is good gets through, also from an address that is closed.
"""

from collections.abc import Awaitable, Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tokenline.contracts.errors import NotSignedIn, RateLimited, StoreUnavailable, TokenExpired
from tokenline.core.clock import Clock
from tokenline.core.limits import Bucket
from tokenline.runtime.auth.networks import network_of
from tokenline.runtime.http_errors import error_response

PER_S = 50.0
BURST = 1000.0
"""Of one address: an office behind one, and somebody who tries every call, stay below."""
ALL_PER_S = 500.0
ALL_BURST = 3000.0
MAX_ADDRESSES = 20_000
"""Watched at a time; beyond it the one watched longest is forgotten."""

Authenticate = Callable[[str], Awaitable[object]]

REFUSED = RateLimited(
    "There are too many requests without a sign-in from your network. Please wait a moment.",
    limit="anonymous",
    of="address",
    retry_after_s=5,
)
_ANSWER = error_response(REFUSED.info(), REFUSED.status)


class Floodgate:
    """ASGI middleware. ``authenticate`` raises unless its credential is good; ``refused`` hears of each refusal."""

    def __init__(
        self, app: ASGIApp, authenticate: Authenticate, clock: Clock, refused: Callable[[RateLimited], None]
    ) -> None:
        self.app = app
        self._authenticate = authenticate
        self._clock = clock
        self._refused = refused
        self._all = Bucket(ALL_PER_S, ALL_BURST, clock.monotonic())
        self._by_address: dict[str, Bucket] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        client = scope.get("client")
        network = network_of(client[0]) if client else ""
        credential = _credential(scope)
        if self._is_closed(network) and not await self._is_good(credential):
            self._refused(REFUSED)
            await _ANSWER(scope, receive, send)
            return

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start" and _came_to_nothing(message["status"], credential):
                self._count(network)
            await send(message)

        await self.app(scope, receive, watched)

    def _is_closed(self, network: str) -> bool:
        now = self._clock.monotonic()
        bucket = self._by_address.get(network)
        return (bucket is not None and bucket.left(now) < 1) or self._all.left(now) < 1

    def _count(self, network: str) -> None:
        now = self._clock.monotonic()
        bucket = self._by_address.get(network)
        if bucket is None:
            if len(self._by_address) >= MAX_ADDRESSES:
                del self._by_address[next(iter(self._by_address))]
            bucket = self._by_address[network] = Bucket(PER_S, BURST, now)
        bucket.take(now)
        self._all.take(now)

    async def _is_good(self, credential: str) -> bool:
        if not credential:
            return False
        try:
            await self._authenticate(credential)
        except (NotSignedIn, TokenExpired, StoreUnavailable):
            return False
        return True


def _credential(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"authorization":
            header: str = value.decode("latin-1")
            return header.partition(" ")[2].strip()
    return ""


def _came_to_nothing(status: int, credential: str) -> bool:
    """An expired token is no flood, but nobody can tell one from a forged one by its answer."""
    return status == NotSignedIn.status or (status >= 400 and not credential)
