"""The part of the store that accounts need."""

from typing import Protocol

from tokenline.core.ports.store import AccountStore, LimitStore


class AccountsStore(AccountStore, LimitStore, Protocol):
    async def renew_lease(self, name: str, holder: str, ttl_s: float) -> bool: ...

    async def drop_lease(self, name: str, holder: str) -> None: ...
