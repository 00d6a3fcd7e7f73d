"""Password hashes: argon2id in a few threads, so that signing in never stops the event loop."""

from collections.abc import Awaitable, Callable
from functools import cache
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from pwdlib.hashers.argon2 import Argon2Hasher

from tokenline.contracts.errors import RateLimited

T = TypeVar("T")
Before = Callable[[], Awaitable[None]]

THREADS = 2
"""Each hash takes 19 MiB and some 20 ms of a core."""
MAX_WAITING = 256
"""About three seconds of work; more would only be answered after their clients left."""

# OWASP's recommendation for argon2id; memory in KiB.
_hasher = Argon2Hasher(time_cost=2, memory_cost=19456, parallelism=1)


@cache
def _nobodys_hash() -> str:
    return _hasher.hash("the password of no account")


async def _nothing() -> None:
    pass


class Passwords:
    """Raises `RateLimited` when `MAX_WAITING` are waiting already. Cancelling waits for a hash that has begun."""

    def __init__(self, threads: int = THREADS) -> None:
        self._limiter = CapacityLimiter(threads)
        _nobodys_hash()

    async def hash(self, password: str) -> str:
        """In PHC form."""
        return await self._run(lambda: _hasher.hash(password))

    async def verify(self, password: str, password_hash: str | None, before: Before = _nothing) -> bool:
        """False for a wrong password, after the same work when there is no hash: no account, or none with a password.

        ``before`` is called when the turn has come and may refuse by raising, so that guesses sent in parallel are
        still counted one after the other.
        """
        matches = await self._run(lambda: _hasher.verify(password, password_hash or _nobodys_hash()), before)
        return matches and bool(password_hash)

    async def _run(self, work: Callable[[], T], before: Before = _nothing) -> T:
        if self._limiter.statistics().tasks_waiting >= MAX_WAITING:
            raise RateLimited("Too many sign-ins at once. Please try again.", retry_after_s=3)
        async with self._limiter:
            await before()
            return await to_thread.run_sync(work)
