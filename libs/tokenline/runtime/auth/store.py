"""The part of the store that accounts need."""

from typing import Protocol

from tokenline.core.ports.store import AccountStore, ErasureStore, LimitStore


class AccountsStore(AccountStore, ErasureStore, LimitStore, Protocol):
    async def now(self) -> float: ...

    async def renew_lease(self, name: str, holder: str, ttl_s: float) -> bool: ...

    async def drop_lease(self, name: str, holder: str) -> None: ...
