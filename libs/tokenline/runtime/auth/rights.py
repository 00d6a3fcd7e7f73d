"""Who a credential stands for, as the store sees it: what it says is believed for two seconds."""

import re
import secrets
from functools import cache
from typing import NamedTuple

from msgspec.structs import replace

from tokenline.contracts.accounts import EVERY_SCOPE, ApiKey, Scope, User
from tokenline.contracts.errors import NotSignedIn, TokenExpired
from tokenline.contracts.ids import ApiKeyId, UserId
from tokenline.contracts.limits import Limits
from tokenline.core.clock import Clock
from tokenline.runtime.auth.cache import TtlCache
from tokenline.runtime.auth.principal import Principal, Via
from tokenline.runtime.auth.secret import digest
from tokenline.runtime.auth.store import AccountsStore
from tokenline.runtime.auth.tokens import Tokens

_USED_TICKET_S = 60.0
"""Twice a ticket's life, so that gateways' clocks may differ."""
_API_KEY = re.compile(r"tl_[A-Za-z0-9_-]{43}")

_Credential = tuple[UserId, Via, str]


class _Standing(NamedTuple):
    """What a credential that is good may do."""

    scopes: frozenset[Scope] = EVERY_SCOPE
    limits: Limits = Limits()


@cache
def _scopes(scopes: tuple[Scope, ...]) -> frozenset[Scope]:
    """Shared by all who hold the same ones: there are a handful of sets, and each takes 200 bytes."""
    return frozenset(scopes)


class Rights:
    def __init__(self, store: AccountsStore, clock: Clock, tokens: Tokens) -> None:
        self.used: dict[ApiKeyId, float] = {}
        """When which keys were used since somebody took this dict away (`ApiKeys.write_used`)."""
        self._store = store
        self._clock = clock
        self._tokens = tokens
        self._users: TtlCache[UserId, User] = TtlCache(clock)
        self._keys: TtlCache[str, ApiKey] = TtlCache(clock)
        self._live: TtlCache[_Credential, _Standing] = TtlCache(clock)

    async def authenticate(self, credential: str) -> Principal:
        """For an access token or an API key. Raises `TokenExpired` or `NotSignedIn`."""
        if credential.startswith("tl_"):
            return await self._by_api_key(credential)
        claims = self._tokens.read(credential, "access")
        return await self._principal(claims.user_id, claims.via, claims.session_id, claims.session_expires_at)

    async def recheck(self, principal: Principal) -> Principal:
        """The same principal as the store sees it now, whatever is remembered: for what stays open (`Revocations`).

        Raises `TokenExpired`, or `NotSignedIn` after sign-out, revocation or disabling.
        """
        self._check_expiry(principal.expires_at)
        found = await self._principal(
            principal.user_id, principal.via, principal.credential_id, principal.expires_at, anew=True
        )
        return replace(found, address=principal.address)

    def socket_ticket(self, principal: Principal) -> str:
        """Opens one socket within 30 s."""
        return self._tokens.socket_ticket(
            principal.user_id, principal.credential_id, principal.via, principal.expires_at
        )

    async def redeem_socket_ticket(self, ticket: str) -> Principal:
        """Once, over all gateways. Raises `TokenExpired` or `NotSignedIn`."""
        claims = self._tokens.read(ticket, "socket")
        holder = secrets.token_urlsafe(16)
        if not await self._store.renew_lease(f"socket-ticket:{claims.id}", holder, _USED_TICKET_S):
            raise NotSignedIn
        return await self._principal(claims.user_id, claims.via, claims.session_id, claims.session_expires_at)

    async def active_user(self, user_id: UserId, *, anew: bool = False) -> User:
        """Raises `NotSignedIn` for a disabled user, and for none."""
        user = await self._users.get(user_id, self._store.get_user, anew=anew)
        if user is None or user.disabled:
            raise NotSignedIn
        return user

    def forget(self, user_id: UserId) -> None:
        """This process sees at once what it changed of a user and their credentials."""
        self._users.drop(user_id)
        self._keys.clear()
        self._live.clear()

    async def _by_api_key(self, key: str) -> Principal:
        record = await self._keys.get(digest(key), self._store.api_key_by_hash) if _API_KEY.fullmatch(key) else None
        if record is None or record.revoked_at is not None:
            raise NotSignedIn
        self._check_expiry(record.expires_at)
        principal = await self._principal(record.user_id, "api_key", record.id, record.expires_at)
        self.used[record.id] = self._clock.now()
        return principal

    def _check_expiry(self, expires_at: float | None) -> None:
        if expires_at is not None and expires_at <= self._clock.now():
            raise TokenExpired

    async def _principal(
        self, user_id: UserId, via: Via, credential_id: str, expires_at: float | None, *, anew: bool = False
    ) -> Principal:
        user = await self.active_user(user_id, anew=anew)
        standing = await self._live.get((user_id, via, credential_id), self._standing, anew=anew)
        if standing is None:
            raise NotSignedIn
        return Principal(
            user_id=user.id,
            email=user.email,
            role=user.role,
            tier=user.tier,
            via=via,
            credential_id=credential_id,
            expires_at=expires_at,
            scopes=standing.scopes,
            limits=user.limits,
            key_limits=standing.limits,
        )

    async def _standing(self, credential: _Credential) -> _Standing | None:
        """``None``: it is revoked, or was never known."""
        user_id, via, credential_id = credential
        if via == "api_key":
            keys = await self._store.api_keys(user_id)
            return next((_Standing(_scopes(key.scopes), key.limits) for key in keys if key.id == credential_id), None)
        return _Standing() if await self._store.refresh_family_is_live(credential_id) else None
