"""E-mail addresses of users by id, remembered for a while."""

import asyncio
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Protocol

import structlog

from tokenline.contracts.accounts import User
from tokenline.contracts.errors import Retryable
from tokenline.contracts.ids import UserId
from tokenline.core.clock import Clock

KEEP_S = 300.0
MAX_NAMES = 200_000
"""Beyond it everything is forgotten and asked for again."""
BATCH = 500
WAIT_S = 1.0

log = structlog.get_logger()


class UsersStore(Protocol):
    """The part of the store that has the addresses."""

    async def get_users(self, user_ids: Sequence[UserId]) -> list[User]: ...


class Names:
    def __init__(self, store: UsersStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._kept: dict[UserId, tuple[float, str]] = {}

    def of(self, user_id: UserId) -> str:
        """The address; the id itself for one that was not found or not asked for."""
        kept = self._kept.get(user_id)
        return user_id if kept is None else kept[1]

    async def load(self, user_ids: Iterable[UserId]) -> None:
        """Make `of` know these. When the store does not answer, what was known stays: a list of ids is better than
        none in an outage."""
        now = self._clock.monotonic()
        wanted = iter({user_id for user_id in user_ids if not self._is_fresh(user_id, now)})
        try:
            while batch := list(islice(wanted, BATCH)):
                async with asyncio.timeout(WAIT_S):
                    users = await self._store.get_users(batch)
                self._keep(batch, {user.id: user.email for user in users}, now)
        except (TimeoutError, Retryable):
            log.warning("names.unavailable")

    def _is_fresh(self, user_id: UserId, now: float) -> bool:
        kept = self._kept.get(user_id)
        return kept is not None and now < kept[0]

    def _keep(self, asked: list[UserId], found: dict[UserId, str], now: float) -> None:
        if len(self._kept) + len(asked) > MAX_NAMES:
            self._kept.clear()
        for user_id in asked:
            self._kept[user_id] = (now + KEEP_S, found.get(user_id, user_id))
