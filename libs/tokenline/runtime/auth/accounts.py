"""Accounts of one process, and all that opens them: passwords, sign-ins, API keys."""

import secrets
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, nullcontext

from msgspec.structs import replace

from tokenline.contracts.accounts import Erasure, Role, TokenPair, User
from tokenline.contracts.errors import (
    Conflict,
    EmailTaken,
    InvalidEmail,
    Misconfigured,
    NotSignedIn,
    RateLimited,
    RegistrationClosed,
    SignInTooOld,
    StoreUnavailable,
    WrongCredentials,
    WrongPassword,
)
from tokenline.core.clock import Clock, new_id
from tokenline.runtime.auth.api_keys import ApiKeys
from tokenline.runtime.auth.guessing import Attempts, PasswordCheck
from tokenline.runtime.auth.identity import checked_password, normal_email
from tokenline.runtime.auth.passwords import Passwords
from tokenline.runtime.auth.principal import Principal
from tokenline.runtime.auth.rights import Rights
from tokenline.runtime.auth.sign_ins import SignIns
from tokenline.runtime.auth.store import AccountsStore
from tokenline.runtime.auth.tokens import Tokens
from tokenline.runtime.limits import SignInLimits

_LEAVING = "administrator-leaves"
FRESH_S = 600.0
"""A sign-in so young stands for the password of an account that has none."""


NO_SETTINGS = SignInLimits()


class Accounts:
    """One per process. ``former_secrets`` still verify tokens; see `Tokens`. ``refused`` hears of attempts beyond
    ``limits``."""

    def __init__(
        self,
        store: AccountsStore,
        clock: Clock,
        secret: str,
        registration_open: bool = True,
        former_secrets: Iterable[str] = (),
        limits: SignInLimits = NO_SETTINGS,
        refused: Callable[[RateLimited], None] = lambda _: None,
    ) -> None:
        self._store = store
        self._clock = clock
        self.registration_open = registration_open
        self.tokens = Tokens(secret, clock, former_secrets)
        self.rights = Rights(store, clock, self.tokens)
        self.sign_ins = SignIns(store, clock, self.tokens, self.rights)
        self.keys = ApiKeys(store, clock, self.rights)
        self._passwords = Passwords()
        self._attempts = Attempts(store, clock, limits, refused)
        self._check = PasswordCheck(self._attempts, self._passwords)
        self.authenticate = self.rights.authenticate
        self.recheck = self.rights.recheck
        self.redeem_socket_ticket = self.rights.redeem_socket_ticket

    async def register(self, email: str, password: str, address: str = "", agent: str = "") -> TokenPair:
        """Raises `RegistrationClosed`, `RateLimited`, `InvalidEmail`, `WeakPassword`, `EmailTaken`.

        The latter tells who has an account, as it must where nobody waits for a letter; so attempts are counted,
        whatever comes of them.
        """
        if not self.registration_open:
            raise RegistrationClosed
        await self._attempts.charge(self._attempts.registration(address))
        return await self.sign_ins.begin(await self.create(email, password), agent)

    async def login(self, email: str, password: str, address: str = "", agent: str = "") -> TokenPair:
        """Raises `WrongCredentials`, and `RateLimited` after too many failures of the account or the address, whether
        or not the account exists."""
        try:
            email = normal_email(email)
        except InvalidEmail:
            email = ""
        user = await self._store.user_by_email(email) if email else None
        if not await self._check.right(password, user, email, address) or user is None:
            raise WrongCredentials
        return await self.sign_ins.begin(user, agent)

    async def change_password(self, who: Principal, present: str | None, new: str, address: str = "") -> None:
        """Ends every other sign-in. An account without a password gets one.

        Raises `WeakPassword`, and what `prove` raises; `WrongPassword`, too, if it was changed at the same moment.
        """
        new = checked_password(new)
        proven = await self.prove(who, present, address)
        password_hash = await self._passwords.hash(new)

        def change(stored: User) -> User:
            if stored.password_hash != proven.password_hash:
                raise WrongPassword
            return replace(stored, password_hash=password_hash)

        if await self._store.change_user(who.user_id, change) is None:
            raise NotSignedIn
        await self.sign_ins.end_all(who.user_id, except_family=who.credential_id)

    async def delete(self, who: Principal, password: str | None, address: str = "") -> None:
        """From now on nobody gets in; what belongs to the account is the keeper's to remove.

        Raises what `prove` raises, `LastAdministrator`, and `StoreUnavailable` while another administrator goes.
        """
        user = await self.prove(who, password, address)
        async with self.resigning() if user.role is Role.ADMIN else nullcontext():
            erasure = Erasure(user_id=user.id, email=user.email, asked_at=await self._store.now())
            if not await self._store.begin_erasure(erasure):
                raise NotSignedIn
        self.rights.forget(user.id)

    @asynccontextmanager
    async def resigning(self) -> AsyncIterator[None]:
        """Meanwhile nobody else ceases to be an administrator: the last two must not do so at the same moment.

        Raises `StoreUnavailable` while somebody does.
        """
        holder = secrets.token_urlsafe(16)
        if not await self._store.renew_lease(_LEAVING, holder, 30):
            raise StoreUnavailable("Another administrator is just leaving. Please try again.")
        try:
            yield
        finally:
            await self._store.drop_lease(_LEAVING, holder)

    async def prove(self, who: Principal, password: str | None, address: str = "") -> User:
        """Whoever is signed in shows once more that it is they: by their password or, where there is none, by having
        signed in within `FRESH_S`. Throttled as signing in is.

        Raises `WrongPassword`, `SignInTooOld`, `RateLimited`, `NotSignedIn`.
        """
        user = await self.rights.active_user(who.user_id, anew=True)
        if not user.password_hash:
            if await self.sign_ins.age_s(who) > FRESH_S:
                raise SignInTooOld
        elif not await self._check.right(password or "", user, user.email, address):
            raise WrongPassword
        return user

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
            await self.create(email, password, Role.ADMIN)
        except EmailTaken as error:
            if await self._store.has_admin():
                return False
            raise Misconfigured("The first administrator's address belongs to an ordinary account.") from error
        finally:
            await self._store.drop_lease("first-admin", holder)
        return True

    async def create(self, email: str, password: str | None, role: Role = Role.USER) -> User:
        """``password`` ``None``: none opens it. Raises `InvalidEmail`, `WeakPassword`, `EmailTaken`."""
        email = normal_email(email)
        password_hash = "" if password is None else await self._passwords.hash(checked_password(password))
        now = self._clock.now()
        user = User(id=new_id(now), email=email, password_hash=password_hash, role=role, created_at=now)
        try:
            await self._store.create_user(user)
        except Conflict as error:
            raise EmailTaken from error
        return user
