"""Accounts and the credentials that open them. Hashes only: no secret is stored."""

from enum import StrEnum

from tokenline.contracts.base import Shape
from tokenline.contracts.ids import ApiKeyId, UserId
from tokenline.contracts.limits import Limits

ORDINARY_TIER = 4


class Role(StrEnum):
    USER = "user"
    ADMIN = "admin"


class Scope(StrEnum):
    """What an API key may do, in the name of whoever made it. Whoever signed in may do all of it."""

    READ = "read"
    """Look: conversations, tickets, files, lines; follow streams."""
    CHAT = "chat"
    """All that a chat needs: looking, asking, stopping, attaching, tidying up."""
    ADMIN = "admin"
    """What administrators do, where the account is one."""


EVERY_SCOPE = frozenset(Scope)


class User(Shape):
    id: UserId
    email: str
    """Lower case, unique."""
    password_hash: str
    """argon2id in PHC form; empty: no password opens this account."""
    role: Role = Role.USER
    tier: int = ORDINARY_TIER
    """Priority of the user's tickets, 0 to 9."""
    disabled: bool = False
    limits: Limits = Limits()
    """Where they differ from everybody's."""
    created_at: float


class RefreshToken(Shape):
    """One link of a sign-in's chain. Using a spent one revokes the whole ``family``."""

    hash: str
    """SHA-256 of the token, hexadecimal."""
    family: str
    user_id: UserId
    expires_at: float
    spent_at: float | None = None
    signed_in_at: float = 0.0
    """When its family began, with a password or at a provider."""
    issued_at: float = 0.0
    agent: str = ""
    """What signed in, as `runtime.auth.agent` words it: “Firefox on Linux”."""


class ApiKey(Shape):
    id: ApiKeyId
    user_id: UserId
    name: str
    hash: str
    """SHA-256 of the key, hexadecimal."""
    created_at: float
    revoked_at: float | None = None
    scopes: tuple[Scope, ...] = (Scope.CHAT, Scope.ADMIN)
    """Keys from before there were scopes may do what they always could."""
    expires_at: float | None = None
    used_at: float | None = None
    """When a gateway last saw it, to within a minute."""
    limits: Limits = Limits()
    """What the key may use of what its user may."""


class Identity(Shape):
    """Who somebody is at an OpenID Connect provider; addresses change there, subjects never."""

    issuer: str
    subject: str
    user_id: UserId
    created_at: float


class Erasure(Shape):
    """An account that is being deleted: it is gone for everybody, and what belonged to it is still to be removed."""

    user_id: UserId
    email: str
    """To be taken out of the audit log."""
    asked_at: float


class TokenPair(Shape):
    """What a sign-in gives: a short access token and the refresh token that gets the next pair, once."""

    access_token: str
    refresh_token: str
    token_type: str = "bearer"  # noqa: S105 -- the name of a scheme
    expires_in: int
    """Seconds until the access token expires."""
