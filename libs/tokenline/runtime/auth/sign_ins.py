"""Sign-ins: families of refresh tokens, each good for one more pair; begun, gone on with, listed and ended."""

import secrets

from tokenline.contracts.accounts import RefreshToken, TokenPair, User
from tokenline.contracts.errors import NotFound, NotSignedIn, TokenExpired, WrongCredentials
from tokenline.contracts.ids import UserId
from tokenline.core.clock import Clock, new_id
from tokenline.runtime.auth.principal import Principal
from tokenline.runtime.auth.rights import Rights
from tokenline.runtime.auth.secret import digest
from tokenline.runtime.auth.store import AccountsStore
from tokenline.runtime.auth.tokens import ACCESS_TTL_S, Tokens

REFRESH_TTL_S = 7 * 24 * 3600.0


class SignIns:
    def __init__(self, store: AccountsStore, clock: Clock, tokens: Tokens, rights: Rights) -> None:
        self._store = store
        self._clock = clock
        self._tokens = tokens
        self._rights = rights

    async def begin(self, user: User, agent: str) -> TokenPair:
        """For somebody who has just proven to be ``user``. Raises `WrongCredentials` when that has lapsed meanwhile:
        another password, disabled, deleted."""
        now = self._clock.now()
        pair, token = self._pair(user.id, new_id(now), now, agent)
        await self._store.add_refresh_token(token)
        # What ended all sign-ins while this one was proven did not know of it.
        still = await self._store.get_user(user.id)
        if still is None or still.disabled or still.password_hash != user.password_hash:
            await self._end(user.id, token.family)
            raise WrongCredentials
        return pair

    async def refresh(self, refresh_token: str) -> TokenPair:
        """The next pair for a refresh token, which is spent by it. Using it again ends the whole sign-in."""
        now = self._clock.now()
        spent = await self._store.spend_refresh_token(digest(refresh_token), now)
        if spent is None:
            raise NotSignedIn
        if spent.spent_at is not None:
            await self._end(spent.user_id, spent.family)
            raise NotSignedIn
        if spent.expires_at <= now:
            raise TokenExpired
        await self._rights.active_user(spent.user_id)
        pair, token = self._pair(spent.user_id, spent.family, spent.signed_in_at, spent.agent)
        await self._store.add_refresh_token(token)
        # A revocation between the two writes above has missed the new token, but it made the old one unknown.
        if await self._store.spend_refresh_token(spent.hash, now) is None:
            await self._end(spent.user_id, spent.family)
            raise NotSignedIn
        return pair

    async def end_by_token(self, refresh_token: str) -> None:
        """End the sign-in that the token belongs to, with its access tokens. An unknown token is no error."""
        spent = await self._store.spend_refresh_token(digest(refresh_token), self._clock.now())
        if spent is not None:
            await self._end(spent.user_id, spent.family)

    async def end_own(self, principal: Principal) -> None:
        """End the sign-in of a principal; nothing for an API key."""
        if principal.via == "password":
            await self._end(principal.user_id, principal.credential_id)

    async def of(self, principal: Principal) -> list[RefreshToken]:
        """One for each sign-in that stands, used last first."""
        return await self._store.sign_ins(principal.user_id)

    async def end_one(self, principal: Principal, family: str) -> None:
        """Raises `NotFound`, also for somebody else's."""
        if all(token.family != family for token in await self.of(principal)):
            raise NotFound
        await self._end(principal.user_id, family)

    async def end_all(self, user_id: UserId, *, except_family: str | None = None) -> None:
        await self._store.revoke_refresh_families(user_id, except_family=except_family)
        self._rights.forget(user_id)

    async def age_s(self, principal: Principal) -> float:
        """Seconds since the principal proved who they are; infinite for an API key."""
        own = [token for token in await self.of(principal) if token.family == principal.credential_id]
        return self._clock.now() - own[0].signed_in_at if own and principal.via == "password" else float("inf")

    def _pair(self, user_id: UserId, family: str, signed_in_at: float, agent: str) -> tuple[TokenPair, RefreshToken]:
        secret, now = secrets.token_urlsafe(32), self._clock.now()
        token = RefreshToken(
            hash=digest(secret),
            family=family,
            user_id=user_id,
            expires_at=now + REFRESH_TTL_S,
            signed_in_at=signed_in_at,
            issued_at=now,
            agent=agent,
        )
        access = self._tokens.access(user_id, family)
        return TokenPair(access_token=access, refresh_token=secret, expires_in=ACCESS_TTL_S), token

    async def _end(self, user_id: UserId, family: str) -> None:
        await self._store.revoke_refresh_family(family, user_id)
        self._rights.forget(user_id)
