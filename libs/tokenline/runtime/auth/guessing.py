"""Judges passwords, for those who guess only so often: counted in the store, over all gateways and restarts (B16)."""

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from tokenline.contracts.accounts import User
from tokenline.contracts.errors import RateLimited
from tokenline.contracts.limits import Charge, Limit, LimitName
from tokenline.core.clock import Clock
from tokenline.core.ports.store import LimitStore
from tokenline.runtime.auth.identity import MAX_PASSWORD_CHARS, normal_password
from tokenline.runtime.auth.networks import network_of
from tokenline.runtime.auth.passwords import Passwords
from tokenline.runtime.auth.secret import digest
from tokenline.runtime.limits import SignInLimits

REMEMBERED_S = 2.0
MAX_REMEMBERED = 20_000

Observe = Callable[[RateLimited], None]


class Attempts:
    """What is counted for accounts and network addresses, which the store knows by their hashes only.

    A refusal is remembered for `REMEMBERED_S`, so that a flood costs the store nothing; of the `MAX_REMEMBERED` latest.
    """

    def __init__(self, store: LimitStore, clock: Clock, limits: SignInLimits, observe: Observe) -> None:
        self._store = store
        self._clock = clock
        self._limits = limits
        self._observe = observe
        self._refused: dict[str, tuple[float, RateLimited]] = {}

    def sign_in(self, email: str, address: str) -> tuple[Charge, ...]:
        limit = self._limits.sign_ins.limit()
        return _charges(LimitName.SIGN_INS, limit, account=email, address=network_of(address))

    def registration(self, address: str) -> tuple[Charge, ...]:
        limit = self._limits.registrations.limit()
        return _charges(LimitName.REGISTRATIONS, limit, address=network_of(address))

    def check(self, charges: Sequence[Charge]) -> None:
        """Raises `RateLimited` for what was refused a moment ago."""
        now = self._clock.monotonic()
        for charge in charges:
            until, error = self._refused.get(_key(charge), (now, None))
            if error is not None and until > now:
                self._observe(error)
                raise error

    async def charge(self, charges: Sequence[Charge]) -> None:
        """Raises `RateLimited`."""
        if not charges:
            return
        self.check(charges)
        try:
            await self._store.charge(charges, self._clock.now())
        except RateLimited as error:
            for charge in charges:
                if charge.subject.startswith(f"{error.detail['of']}:"):
                    self._remember(_key(charge), error)
            self._observe(error)
            raise

    async def was_right(self, charges: Sequence[Charge]) -> None:
        """The account's failures are forgotten. The address stays watched, but for this attempt: an account of one's
        own is no licence to guess at others."""
        if charges:
            await self._store.give_back([_back(one) for one in charges], self._clock.now())

    def _remember(self, key: str, error: RateLimited) -> None:
        self._refused.pop(key, None)
        if len(self._refused) >= MAX_REMEMBERED:
            del self._refused[next(iter(self._refused))]
        for_s = min(REMEMBERED_S, float(error.detail["retry_after_s"]))
        self._refused[key] = (self._clock.monotonic() + for_s, error)


class PasswordCheck:
    def __init__(self, attempts: Attempts, passwords: Passwords) -> None:
        self._attempts = attempts
        self._passwords = passwords

    async def right(self, password: str, user: User | None, email: str, address: str) -> bool:
        """Whether it is the password of ``user``, who may sign in. ``email``: who is guessed at, account or not.

        Counted before the password is looked at, when its turn has come, and given back if it was right: so guesses
        that are sent at the same time, to whatever gateways, are never more than the limit. Raises `RateLimited`.
        """
        charges = self._attempts.sign_in(email, address)
        self._attempts.check(charges)
        right = await self._passwords.verify(
            normal_password(password[:MAX_PASSWORD_CHARS]),
            None if user is None else user.password_hash,
            before=lambda: self._attempts.charge(charges),
        )
        if user is None or not right or user.disabled:
            return False
        await self._attempts.was_right(charges)
        return True


def _charges(name: LimitName, limit: Limit, **subjects: str) -> tuple[Charge, ...]:
    if not limit.max:
        return ()
    return tuple(Charge(name=name, subject=f"{kind}:{digest(who)}", limit=limit) for kind, who in subjects.items())


def _back(charge: Charge) -> Charge:
    return replace(charge, amount=charge.limit.max) if charge.subject.startswith("account:") else charge


def _key(charge: Charge) -> str:
    return f"{charge.name} {charge.subject}"
