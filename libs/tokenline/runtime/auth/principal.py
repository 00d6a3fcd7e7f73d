"""Who a request or a socket acts for."""

from typing import Literal

from tokenline.contracts.accounts import EVERY_SCOPE, Role, Scope
from tokenline.contracts.base import Shape
from tokenline.contracts.ids import UserId
from tokenline.contracts.limits import Limits

Via = Literal["password", "api_key"]
"""``password``: somebody signed in, also at a provider."""


class Principal(Shape):
    """An authenticated user. Role and tier are the store's, at most two seconds old, never the token's."""

    user_id: UserId
    email: str
    role: Role
    tier: int
    via: Via
    credential_id: str
    """The sign-in (family of refresh tokens) or the API key; ends this principal when it is revoked."""
    expires_at: float | None
    """When the access token or the key runs out; ``None``: good until revoked."""
    scopes: frozenset[Scope] = EVERY_SCOPE
    limits: Limits = Limits()
    """The user's own, where they differ from everybody's."""
    key_limits: Limits = Limits()
    """The API key's."""
    address: str = ""
    """Where it comes from; empty: from nowhere that counts."""
