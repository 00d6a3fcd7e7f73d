"""Who is asking: an API key or a token as it is, or a sign-in that is renewed for as long as it is used."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

from tokenline.contracts.accounts import TokenPair
from tokenline.contracts.errors import NotSignedIn

EARLY_S = 60.0
"""A token is renewed so long before it runs out: a request under way must not outlive it."""

Post = Callable[[str, dict[str, str]], Awaitable[TokenPair]]
"""Posts a body to a path without credentials; raises a `TokenlineError`."""


class Credentials(Protocol):
    async def bearer(self, refused: str | None = None) -> str:
        """What to send. ``refused``: the one a gateway just refused. Raises a `TokenlineError`."""
        ...

    def renew_in_s(self) -> float | None:
        """Seconds until an open socket needs another one; ``None``: never."""
        ...


class Fixed:
    """An API key, or an access token that somebody else renews."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def bearer(self, refused: str | None = None) -> str:
        if refused is not None:
            raise NotSignedIn("The gateway does not take this API key or token.")
        return self._token

    def renew_in_s(self) -> float | None:
        return None


class SignIn:
    """An account. The password is kept in memory, for when the sign-in itself has run out."""

    def __init__(self, post: Post, email: str, password: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._post = post
        self._email = email
        self._password = password
        self._monotonic = monotonic
        self._pair: TokenPair | None = None
        self._until = 0.0
        # Refresh tokens rotate, and using a spent one ends the sign-in: one at a time.
        self._one = asyncio.Lock()

    async def bearer(self, refused: str | None = None) -> str:
        """Raises `WrongCredentials` and what else a sign-in raises."""
        async with self._one:
            if self._pair is None or self._pair.access_token == refused or self.renew_in_s() == 0:
                self._pair = await self._next(self._pair)
                lasts_s = float(self._pair.expires_in)
                self._until = self._monotonic() + lasts_s - min(EARLY_S, lasts_s / 3)
            return self._pair.access_token

    def renew_in_s(self) -> float | None:
        return max(0.0, self._until - self._monotonic())

    async def end(self, log_out: Callable[[str, dict[str, str]], Awaitable[object]]) -> None:
        """Sign out, where there was a sign-in."""
        pair, self._pair = self._pair, None
        if pair is not None:
            await log_out("/api/v1/auth/logout", {"refresh_token": pair.refresh_token})

    async def _next(self, pair: TokenPair | None) -> TokenPair:
        if pair is not None:
            try:
                return await self._post("/api/v1/auth/refresh", {"refresh_token": pair.refresh_token})
            except NotSignedIn:
                pass  # it was ended, or ran out while nobody used it: sign in anew
        return await self._post("/api/v1/auth/login", {"email": self._email, "password": self._password})
