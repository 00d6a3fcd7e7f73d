"""Whose account it is that a provider vouches for: known by issuer and subject, found by address once, or made."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from tokenline.contracts.accounts import Identity, Role, User
from tokenline.contracts.errors import (
    AccountDisabled,
    Conflict,
    DomainNotAllowed,
    EmailTaken,
    EmailUnverified,
    InvalidEmail,
    NotSignedIn,
    RegistrationClosed,
)
from tokenline.core.clock import Clock
from tokenline.runtime.auth.accounts import Accounts
from tokenline.runtime.auth.identity import normal_email
from tokenline.runtime.auth.oidc.settings import OidcSettings
from tokenline.runtime.auth.store import AccountsStore

Claims = Mapping[str, Any]


class People:
    def __init__(self, store: AccountsStore, clock: Clock, accounts: Accounts, settings: OidcSettings) -> None:
        self._store = store
        self._clock = clock
        self._accounts = accounts
        self._settings = settings
        own = settings.oidc_registration_open
        self._open = accounts.registration_open if own is None else own

    async def of(self, claims: Claims) -> User:
        """The user that these verified claims are about, with the role that they give.

        Raises `EmailUnverified`, `DomainNotAllowed`, `RegistrationClosed`, `AccountDisabled`, and `StoreUnavailable`
        where two cease to be administrators at once.
        """
        issuer, subject = claims["iss"], claims["sub"]
        self._check_domain(claims)
        known = await self._store.identity(issuer, subject)
        user = None if known is None else await self._store.get_user(known.user_id)
        if user is None:
            user = await self._by_address(claims)
            identity = Identity(issuer=issuer, subject=subject, user_id=user.id, created_at=self._clock.now())
            await self._store.put_identity(identity)
        if user.disabled:
            raise AccountDisabled
        return await self._with_role(user, claims)

    async def _by_address(self, claims: Claims) -> User:
        """Only by an address that the provider has verified: otherwise anybody could take anybody's account."""
        email = self._verified_email(claims)
        for _ in range(2):
            user = await self._store.user_by_email(email)
            if user is not None:
                return user if user.disabled else await self._taken_over(user)
            if not self._open:
                raise RegistrationClosed
            try:
                return await self._accounts.create(email, None)
            except EmailTaken:
                # Somebody else was made of it at the same moment.
                continue
        raise Conflict

    async def _taken_over(self, user: User) -> User:
        """Nobody has proven until now that the address is theirs: whoever registered with it loses what opens the
        account, lest they wait in it for its owner. Not so administrators, who were made such by somebody: they must
        get in while the provider is away.
        """
        if user.role is Role.ADMIN:
            return user
        changed = await self._store.change_user(user.id, lambda stored: replace(stored, password_hash=""))
        await self._accounts.sign_ins.end_all(user.id)
        for key in await self._store.api_keys(user.id):
            await self._store.revoke_api_key(key.id, user.id, self._clock.now())
        self._accounts.rights.forget(user.id)
        if changed is None:
            raise NotSignedIn
        return changed

    def _verified_email(self, claims: Claims) -> str:
        email = claims.get("email")
        # Some providers write it as text.
        if not isinstance(email, str) or claims.get("email_verified") not in (True, "true"):
            raise EmailUnverified
        try:
            return normal_email(email)
        except InvalidEmail:
            raise EmailUnverified from None

    def _check_domain(self, claims: Claims) -> None:
        allowed = {domain.lower().lstrip("@") for domain in self._settings.oidc_domains}
        if allowed and self._verified_email(claims).rpartition("@")[2] not in allowed:
            raise DomainNotAllowed

    async def _with_role(self, user: User, claims: Claims) -> User:
        if not self._settings.oidc_admin_claim:
            return user
        wanted = Role.ADMIN if self._is_administrator(claims) else Role.USER
        if user.role is wanted:
            return user
        if wanted is Role.ADMIN:
            return await self._made(user, wanted)
        async with self._accounts.resigning():
            # The last administrator stays one, whatever the provider says.
            last = not await self._store.has_admin(besides=user.id)
            return user if last else await self._made(user, wanted)

    async def _made(self, user: User, wanted: Role) -> User:
        changed = await self._store.change_user(user.id, lambda stored: replace(stored, role=wanted))
        if changed is None:
            raise NotSignedIn
        return changed

    def _is_administrator(self, claims: Claims) -> bool:
        said = claim(claims, self._settings.oidc_admin_claim)
        return self._settings.oidc_admin_value in (said if isinstance(said, list) else [said])


def claim(claims: Claims, name: str) -> object:
    """By its name, or by a path with dots through objects (``realm_access.roles``)."""
    if name in claims:
        return claims[name]
    found: object = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found
