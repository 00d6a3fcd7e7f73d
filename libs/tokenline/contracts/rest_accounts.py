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


class ProviderButton(Shape):
    label: str
    """Of the provider, for “Continue with …”."""
    start: str
    """Where the browser is to go; ``?return_to=`` says where it comes back to."""


class SignInMethods(Shape):
    """How one can sign in here; a password always serves those who have one."""

    registration_open: bool
    oidc: ProviderButton | None
