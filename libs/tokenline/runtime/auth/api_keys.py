"""Keys for programs: made, listed, revoked, and when they were last used."""

import secrets
from collections.abc import Collection

from tokenline.contracts.accounts import ApiKey, Scope
from tokenline.contracts.errors import Conflict, NotFound
from tokenline.contracts.ids import ApiKeyId
from tokenline.contracts.limits import Limits
from tokenline.core.clock import Clock, new_id
from tokenline.runtime.auth.principal import Principal
from tokenline.runtime.auth.rights import Rights
from tokenline.runtime.auth.secret import digest
from tokenline.runtime.auth.store import AccountsStore

MAX_API_KEYS = 100
DAY_S = 86_400.0
NO_LIMITS = Limits()
WRITE_USED_S = 30.0
"""How often a process writes down which keys it saw."""


class ApiKeys:
    def __init__(self, store: AccountsStore, clock: Clock, rights: Rights) -> None:
        self._store = store
        self._clock = clock
        self._rights = rights

    async def create(
        self,
        principal: Principal,
        name: str,
        scopes: Collection[Scope],
        expires_in_days: int | None = None,
        limits: Limits = NO_LIMITS,
    ) -> tuple[ApiKey, str]:
        """The key itself is returned once and kept nowhere. Raises `Conflict` at `MAX_API_KEYS`."""
        if len(await self.of(principal)) >= MAX_API_KEYS:
            raise Conflict(f"An account has at most {MAX_API_KEYS} API keys. Revoke one first.")
        key, now = f"tl_{secrets.token_urlsafe(32)}", self._clock.now()
        record = ApiKey(
            id=new_id(now),
            user_id=principal.user_id,
            name=name,
            hash=digest(key),
            created_at=now,
            scopes=tuple(scope for scope in Scope if scope in scopes),
            expires_at=None if expires_in_days is None else now + expires_in_days * DAY_S,
            limits=limits,
        )
        await self._store.add_api_key(record)
        return record, key

    async def of(self, principal: Principal) -> list[ApiKey]:
        """Expired ones, too, until they are revoked."""
        return await self._store.api_keys(principal.user_id)

    async def revoke(self, principal: Principal, key_id: ApiKeyId) -> None:
        """Raises `NotFound`, also for somebody else's key."""
        if not await self._store.revoke_api_key(key_id, principal.user_id, self._clock.now()):
            raise NotFound
        self._rights.forget(principal.user_id)

    async def write_used(self) -> None:
        """To be called every `WRITE_USED_S`, so that no request waits for a write. What a crash forgets is half a
        minute of “last used”."""
        used, self._rights.used = self._rights.used, {}
        if used:
            await self._store.note_keys_used(used)
