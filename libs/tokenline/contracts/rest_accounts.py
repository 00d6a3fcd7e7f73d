"""What REST answers about one's own account."""

from tokenline.contracts.base import Shape


class SignInCard(Shape):
    """One browser or program that is signed in."""

    id: str
    created_at: float
    """When somebody signed in there."""
    used_at: float
    """When it last asked for a fresh access token, which it does every ten minutes while in use."""
    agent: str
    """What it is, coarsely: “Firefox on Linux”; empty where it did not say."""
    current: bool
    """The one that asks."""


class SignInPage(Shape):
    """Used last first."""

    items: tuple[SignInCard, ...]
    next: str | None = None
