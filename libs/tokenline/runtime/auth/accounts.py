"""Accounts and everything that opens them: passwords, rotating refresh tokens, access tokens, socket tickets, keys."""

import hashlib
import re
import secrets
from typing import Protocol

from tokenline.contracts.accounts import ApiKey, RefreshToken, Role, TokenPair, User
from tokenline.contracts.errors import (
    Conflict,
    EmailTaken,
    InvalidEmail,
    Misconfigured,
    NotFound,
    NotSignedIn,
    RateLimited,
    RegistrationClosed,
    TokenExpired,
    WrongCredentials,
)
from tokenline.contracts.ids import ApiKeyId, UserId
from tokenline.core.clock import Clock, new_id
from tokenline.core.ports.store import AccountStore
from tokenline.runtime.auth.cache import TtlCache
from tokenline.runtime.auth.identity import (
    MAX_PASSWORD_CHARS,
    checked_password,
    normal_email,
    normal_password,
)
from tokenline.runtime.auth.passwords import Passwords
from tokenline.runtime.auth.principal import Principal, Via
from tokenline.runtime.auth.throttle import Throttle, network_of
from tokenline.runtime.auth.tokens import ACCESS_TTL_S, Tokens

REFRESH_TTL_S = 7 * 24 * 3600.0
MAX_API_KEYS = 100
_USED_TICKET_S = 60.0
"""Twice a ticket's life, so that gateways' clocks may differ."""
_API_KEY = re.compile(r"tl_[A-Za-z0-9_-]{43}")


class AccountsStore(AccountStore, Protocol):
    """The part of the store that accounts need."""

    async def renew_lease(self, name: str, holder: str, ttl_s: float) -> bool: ...

    async def drop_lease(self, name: str, holder: str) -> None: ...


class Accounts:
    """One per process. What the store says of users and sign-ins is believed for two seconds."""

    def __init__(self, store: AccountsStore, clock: Clock, secret: str, registration_open: bool = True) -> None:
        self._store = store
        self._clock = clock
        self._registration_open = registration_open
        self._tokens = Tokens(secret, clock)
        self._passwords = Passwords()
        self._throttle = Throttle()
        self._users: TtlCache[UserId, User] = TtlCache(clock)
        self._keys: TtlCache[str, ApiKey] = TtlCache(clock)
        self._live: TtlCache[tuple[UserId, Via, str], bool] = TtlCache(clock)

    async def register(self, email: str, password: str) -> TokenPair:
        """Raises `RegistrationClosed`, `InvalidEmail`, `WeakPassword`, `EmailTaken`."""
        if not self._registration_open:
            raise RegistrationClosed
        user = await self._create(email, password, Role.USER)
        return await self._sign_in(user.id, family=self._new_id())

    async def login(self, email: str, password: str, address: str = "") -> TokenPair:
        """Raises `WrongCredentials`, and `RateLimited` after ten failures of the account or the address in five
        minutes, whether or not the account exists."""
        try:
            email = normal_email(email)
        except InvalidEmail:
            email = ""
        account_key, address_key = f"account:{email}", f"address:{network_of(address)}"

        def may_try() -> None:
            now = self._clock.monotonic()
            wait_s = max(self._throttle.wait_s(key, now) for key in (account_key, address_key))
            if wait_s > 0:
                raise RateLimited("Too many failed sign-ins. Please wait.", retry_after_s=wait_s)

        may_try()
        user = await self._store.user_by_email(email) if email else None
        right = await self._passwords.verify(
            normal_password(password[:MAX_PASSWORD_CHARS]),
            None if user is None else user.password_hash,
            before=may_try,
        )
        if user is None or not right or user.disabled:
            for key in (account_key, address_key):
                self._throttle.failed(key, self._clock.monotonic())
            raise WrongCredentials
        # The address stays watched: an account of one's own is no licence to guess at others.
        self._throttle.succeeded(account_key)
        return await self._sign_in(user.id, family=self._new_id())

    async def refresh(self, refresh_token: str) -> TokenPair:
        """The next pair for a refresh token, which is spent by it. Using it again ends the whole sign-in."""
        now = self._clock.now()
        spent = await self._store.spend_refresh_token(_digest(refresh_token), now)
        if spent is None:
            raise NotSignedIn
        if spent.spent_at is not None:
            await self._end_sign_in(spent.user_id, spent.family)
            raise NotSignedIn
        if spent.expires_at <= now:
            raise TokenExpired
        await self._active_user(spent.user_id)
        pair = await self._sign_in(spent.user_id, family=spent.family)
        # A revocation between the two writes above has missed the new token, but it made the old one unknown.
        if await self._store.spend_refresh_token(spent.hash, now) is None:
            await self._end_sign_in(spent.user_id, spent.family)
            raise NotSignedIn
        return pair

    async def logout(self, refresh_token: str) -> None:
        """End the sign-in that the token belongs to, with its access tokens. An unknown token is no error."""
        spent = await self._store.spend_refresh_token(_digest(refresh_token), self._clock.now())
        if spent is not None:
            await self._end_sign_in(spent.user_id, spent.family)

    async def end_session(self, principal: Principal) -> None:
        """End the sign-in of a principal; nothing for an API key."""
        if principal.via == "password":
            await self._end_sign_in(principal.user_id, principal.credential_id)

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
        if principal.expires_at is not None and principal.expires_at <= self._clock.now():
            raise TokenExpired
        return await self._principal(
            principal.user_id, principal.via, principal.credential_id, principal.expires_at, anew=True
        )

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

    async def create_api_key(self, principal: Principal, name: str) -> tuple[ApiKey, str]:
        """The key itself is returned once and kept nowhere. Raises `Conflict` at `MAX_API_KEYS`."""
        if len(await self._store.api_keys(principal.user_id)) >= MAX_API_KEYS:
            raise Conflict(f"An account has at most {MAX_API_KEYS} API keys. Revoke one first.")
        key = f"tl_{secrets.token_urlsafe(32)}"
        record = ApiKey(
            id=self._new_id(),
            user_id=principal.user_id,
            name=name,
            hash=_digest(key),
            created_at=self._clock.now(),
        )
        await self._store.add_api_key(record)
        return record, key

    async def api_keys(self, principal: Principal) -> list[ApiKey]:
        return await self._store.api_keys(principal.user_id)

    async def revoke_api_key(self, principal: Principal, key_id: ApiKeyId) -> None:
        """Raises `NotFound`, also for somebody else's key."""
        if not await self._store.revoke_api_key(key_id, principal.user_id, self._clock.now()):
            raise NotFound
        self._keys.clear()
        self._live.drop((principal.user_id, "api_key", key_id))

    async def ensure_first_admin(self, email: str, password: str) -> bool:
        """True: it was created here. False: there is an administrator, or another process is creating it.

        Raises `InvalidEmail`, `WeakPassword`, and `Misconfigured` when the address belongs to an ordinary account.
        """
        if await self._store.has_admin():
            return False
        holder = secrets.token_urlsafe(16)
        if not await self._store.renew_lease("first-admin", holder, 30):
            return False
        try:
            if await self._store.has_admin():
                return False
            await self._create(email, password, Role.ADMIN)
        except EmailTaken as error:
            if await self._store.has_admin():
                return False
            raise Misconfigured("The first administrator's address belongs to an ordinary account.") from error
        finally:
            await self._store.drop_lease("first-admin", holder)
        return True

    async def _create(self, email: str, password: str, role: Role) -> User:
        email, password = normal_email(email), checked_password(password)
        user = User(
            id=self._new_id(),
            email=email,
            password_hash=await self._passwords.hash(password),
            role=role,
            created_at=self._clock.now(),
        )
        try:
            await self._store.create_user(user)
        except Conflict as error:
            raise EmailTaken from error
        return user

    async def _sign_in(self, user_id: UserId, family: str) -> TokenPair:
        token = secrets.token_urlsafe(32)
        await self._store.add_refresh_token(
            RefreshToken(
                hash=_digest(token),
                family=family,
                user_id=user_id,
                expires_at=self._clock.now() + REFRESH_TTL_S,
            )
        )
        return TokenPair(
            access_token=self._tokens.access(user_id, family), refresh_token=token, expires_in=ACCESS_TTL_S
        )

    async def _end_sign_in(self, user_id: UserId, family: str) -> None:
        await self._store.revoke_refresh_family(family, user_id)
        self._live.drop((user_id, "password", family))

    async def _by_api_key(self, key: str) -> Principal:
        record = await self._keys.get(_digest(key), self._store.api_key_by_hash) if _API_KEY.fullmatch(key) else None
        if record is None or record.revoked_at is not None:
            raise NotSignedIn
        return await self._principal(record.user_id, "api_key", record.id, None)

    async def _principal(
        self, user_id: UserId, via: Via, credential_id: str, expires_at: float | None, *, anew: bool = False
    ) -> Principal:
        user = await self._active_user(user_id, anew=anew)
        if not await self._live.get((user_id, via, credential_id), self._is_live, anew=anew):
            raise NotSignedIn
        return Principal(
            user_id=user.id,
            email=user.email,
            role=user.role,
            tier=user.tier,
            via=via,
            credential_id=credential_id,
            expires_at=expires_at,
        )

    async def _active_user(self, user_id: UserId, *, anew: bool = False) -> User:
        user = await self._users.get(user_id, self._store.get_user, anew=anew)
        if user is None or user.disabled:
            raise NotSignedIn
        return user

    async def _is_live(self, credential: tuple[UserId, Via, str]) -> bool:
        user_id, via, credential_id = credential
        if via == "api_key":
            return any(key.id == credential_id for key in await self._store.api_keys(user_id))
        return await self._store.refresh_family_is_live(credential_id)

    def _new_id(self) -> str:
        return new_id(self._clock.now())


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
