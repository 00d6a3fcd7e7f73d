"""Notices that rights were taken back, for all that is open in a process (B4).

One read of the store per look, however much is open: a mark says that something changed, and for whom. Only theirs is
asked again. Expiry is told by the clock.
"""

import asyncio
import random
from collections.abc import Callable
from typing import Protocol

from tokenline.contracts.errors import Retryable, TokenExpired, TokenlineError
from tokenline.core.clock import Clock
from tokenline.core.ports.store import Revoked
from tokenline.runtime.auth.principal import Principal

LOOK_S = 2.0
"""With a second for a look that failed and one for closing, a sign-out closes a socket within five (B4)."""
RECHECK_S = 300.0
"""Each is asked again once in that time or earlier, in case somebody changes the database by hand."""
AT_ONCE = 32


class Watched(Protocol):
    """Something open that acts for a principal. Compared by identity."""

    @property
    def principal(self) -> Principal: ...

    def go_on_as(self, principal: Principal) -> None:
        """The same user as the store sees them now. Raises `TokenlineError` when this may not stay open for them."""
        ...

    def end(self, error: Exception) -> None:
        """Called again until it leaves."""
        ...


class RevocationStore(Protocol):
    async def revoked_since(self, mark: int) -> Revoked: ...


class Rechecks(Protocol):
    async def recheck(self, principal: Principal) -> Principal: ...


class Revocations:
    """One per process. ``look`` every `LOOK_S`. ``uniform`` gives numbers in [0, 1)."""

    def __init__(
        self,
        store: RevocationStore,
        accounts: Rechecks,
        clock: Clock,
        uniform: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._accounts = accounts
        self._clock = clock
        self._uniform = uniform
        self._mark = 0
        self._due: dict[Watched, float] = {}

    def watch(self, one: Watched) -> None:
        """From the next look on, which asks once: the sign-in may rest on what was remembered of the store.

        To be called again when it has got another principal.
        """
        self._due[one] = float("-inf")

    def leave(self, one: Watched) -> None:
        self._due.pop(one, None)

    async def look(self) -> None:
        """Raises what the store raises. Meanwhile all stays open but what expires: answers stream on, and nobody's
        rights can be taken back in a store that cannot be reached."""
        unexpired = [one for one in tuple(self._due) if not self._expired(one)]
        revoked = await self._store.revoked_since(self._mark)
        asked = [one for one in unexpired if one in self._due and self._concerned(one, revoked)]
        for first in range(0, len(asked), AT_ONCE):
            await asyncio.gather(*map(self._recheck, asked[first : first + AT_ONCE]))
        # Last, so that a look that was broken off is made again.
        self._mark = revoked.mark

    def _expired(self, one: Watched) -> bool:
        until = one.principal.expires_at
        if until is None or until > self._clock.now():
            return False
        one.end(TokenExpired())
        return True

    def _concerned(self, one: Watched, revoked: Revoked) -> bool:
        named = revoked.users is None or one.principal.user_id in revoked.users
        return named or self._due[one] <= self._clock.monotonic()

    async def _recheck(self, one: Watched) -> None:
        principal, now = one.principal, self._clock.monotonic()
        try:
            found = await self._accounts.recheck(principal)
            # One that got another principal meanwhile is asked by the next look.
            if one in self._due and one.principal is principal:
                one.go_on_as(found)
                self._due[one] = now + RECHECK_S * (1 + self._uniform()) / 2
        except Retryable:
            # The store has gone in between: the next look asks.
            if one in self._due:
                self.watch(one)
        except TokenlineError as error:
            if one.principal is principal:
                one.end(error)
