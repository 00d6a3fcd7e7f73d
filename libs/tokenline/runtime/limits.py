"""Limits as settings, and what a caller is charged to."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from tokenline.contracts.errors import RateLimited
from tokenline.contracts.limits import Charge, Limit, LimitName, Limits, Used, Whose
from tokenline.contracts.metrics import RATE_LIMITED
from tokenline.core.clock import Clock
from tokenline.core.ports.store import LimitStore
from tokenline.runtime.auth.networks import network_of
from tokenline.runtime.auth.principal import Principal
from tokenline.runtime.auth.secret import digest
from tokenline.runtime.metrics import Metrics

MAX_SPAN_S = 31 * 24 * 3600.0

_OWN = (LimitName.MESSAGES, LimitName.TOKENS, LimitName.UPLOADS, LimitName.CONVERSATIONS, LimitName.SEARCHES)
"""Those that a signed-in caller has."""


class LimitSetting(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    max: int = Field(ge=0)
    """0: without limit."""
    per_s: float = Field(gt=0, le=MAX_SPAN_S)
    """Seconds, which slide along."""

    def limit(self) -> Limit:
        return Limit(max=self.max, per_s=self.per_s)


class SignInLimits(BaseModel):
    """Of those who have not signed in yet. Each at most ``MAX`` in any ``PER_S`` seconds; ``MAX`` 0: without limit."""

    # Beside them in the environment stand those of users.
    model_config = ConfigDict(frozen=True, extra="ignore")

    sign_ins: LimitSetting = LimitSetting(max=10, per_s=300)
    """Failed sign-ins, for an account and for a network address each."""
    registrations: LimitSetting = LimitSetting(max=1000, per_s=3600)
    """Attempts from a network address to make an account."""


class LimitSettings(SignInLimits):
    """And of users."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    messages: LimitSetting = LimitSetting(max=600, per_s=600)
    """Questions of a user: one a second on average, and all of ten minutes' at once."""
    tokens: LimitSetting = LimitSetting(max=0, per_s=86_400)
    """Tokens of a user, questions and answers together."""
    uploads: LimitSetting = LimitSetting(max=100, per_s=300)
    """Files of a user."""
    conversations: LimitSetting = LimitSetting(max=600, per_s=600)
    """Conversations that a user begins."""
    searches: LimitSetting = LimitSetting(max=120, per_s=60)
    """Searches of a user."""

    messages_per_address: LimitSetting = LimitSetting(max=0, per_s=600)
    """Questions of all users together who come from one network address."""
    tokens_per_address: LimitSetting = LimitSetting(max=0, per_s=86_400)
    """Tokens of all users together who ask from one network address."""
    uploads_per_address: LimitSetting = LimitSetting(max=0, per_s=300)
    """Files of all users together who come from one network address."""

    def of(self, name: LimitName) -> Limit:
        setting: LimitSetting = getattr(self, name.value)
        return setting.limit()

    def per_address(self, name: LimitName) -> Limit | None:
        setting: LimitSetting | None = getattr(self, f"{name.value}_per_address", None)
        return None if setting is None else setting.limit()


class Limiting:
    """Refusals are counted in `RATE_LIMITED`, whoever raises them."""

    def __init__(self, store: LimitStore, clock: Clock, metrics: Metrics, settings: LimitSettings) -> None:
        self._store = store
        self._clock = clock
        self._metrics = metrics
        self._of_users = {name: settings.of(name) for name in _OWN}
        self._per_address = {name: limit for name in _OWN if (limit := settings.per_address(name)) is not None}

    def charges(self, asker: Principal, *names: LimitName, amount: int = 1) -> tuple[Charge, ...]:
        """Of the user, of the API key where it has a limit of its own, and of the network address that they come from
        where such are set. Empty: nothing is limited."""
        made = []
        for name in names:
            own = _of(asker.limits, name) or self._of_users[name]
            if own.max > 0:
                made.append(_charge(name, f"user:{asker.user_id}", own, amount))
            keys = _of(asker.key_limits, name) if asker.via == "api_key" else None
            if keys is not None and keys.max > 0:
                made.append(_charge(name, f"api_key:{asker.credential_id}", keys, amount))
            shared = self._per_address.get(name) if asker.address else None
            if shared is not None and shared.max > 0:
                made.append(_charge(name, f"address:{digest(network_of(asker.address))}", shared, amount))
        return tuple(made)

    async def charge(self, asker: Principal, name: LimitName) -> tuple[Used, ...]:
        """Raises `RateLimited`."""
        charges = self.charges(asker, name)
        if not charges:
            return ()
        try:
            return await self._store.charge(charges, self._clock.now())
        except RateLimited as error:
            self.refused(error)
            raise

    async def give_back(self, asker: Principal, name: LimitName) -> None:
        if charges := self.charges(asker, name):
            await self._store.give_back(charges, self._clock.now())

    async def used(self, asker: Principal) -> tuple[Used, ...]:
        return await self._store.used(self.charges(asker, *_OWN), self._clock.now())

    def refused(self, error: RateLimited) -> None:
        count_refusal(self._metrics, error)


def count_refusal(metrics: Metrics, error: RateLimited) -> None:
    metrics.add(RATE_LIMITED, str(error.detail.get("limit", "other")))


def headers(used: Sequence[Used], now: float) -> dict[str, str]:
    """As draft-ietf-httpapi-ratelimit-headers-10 has them; seconds are whole."""
    if not used:
        return {}
    return {
        "RateLimit-Policy": ", ".join(f'"{_named(one)}";q={one.max};w={round(one.per_s)}' for one in used),
        "RateLimit": ", ".join(
            f'"{_named(one)}";r={one.remaining};t={max(0, round((one.reset_at or now) - now))}' for one in used
        ),
    }


def _named(one: Used) -> str:
    return one.name.value if one.of is Whose.USER else f"{one.name.value}-{one.of.value}"


def _of(limits: Limits, name: LimitName) -> Limit | None:
    found: Limit | None = getattr(limits, name)
    return found


def _charge(name: LimitName, subject: str, limit: Limit, amount: int) -> Charge:
    return Charge(name=name, subject=subject, limit=limit, amount=amount)
