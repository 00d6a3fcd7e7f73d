"""How much of what somebody may do in a time, and how much of it is used."""

from enum import StrEnum

from tokenline.contracts.base import Shape


class LimitName(StrEnum):
    MESSAGES = "messages"
    """Questions that were accepted."""
    TOKENS = "tokens"
    """Tokens of questions and answers, as the model counts them. Counted when an answer ends, so the last one may go
    beyond; then the next question is refused."""
    UPLOADS = "uploads"
    CONVERSATIONS = "conversations"
    """Conversations that were begun, also by a first question."""
    SEARCHES = "searches"
    """Searches over messages and files."""
    SIGN_INS = "sign_ins"
    """Failed sign-ins, per account and per network address."""
    REGISTRATIONS = "registrations"
    """Attempts to make an account, per network address."""


class Whose(StrEnum):
    """What a limit holds for."""

    USER = "user"
    API_KEY = "api_key"
    ACCOUNT = "account"
    """One that somebody tries to get into."""
    ADDRESS = "address"
    """A network address."""


class Limit(Shape):
    """At most ``max`` in any ``per_s`` seconds. 0: without limit."""

    max: int
    per_s: float


class Limits(Shape):
    """What holds for one user or API key. ``null``: what holds for everybody."""

    messages: Limit | None = None
    tokens: Limit | None = None
    uploads: Limit | None = None
    conversations: Limit | None = None
    searches: Limit | None = None


class Charge(Shape):
    """``amount`` of something, counted for ``subject``. 0: nothing yet, but there must be room."""

    name: LimitName
    subject: str
    """``user:<id>``, ``api_key:<id>``, ``account:<hash>`` or ``address:<hash>``: `Whose`, and which."""
    limit: Limit
    amount: int = 1


class Used(Shape):
    """How much of a limit is used."""

    name: LimitName
    of: Whose
    max: int
    per_s: float
    used: int
    remaining: int
    reset_at: float | None
    """When everything that is used will have come back; ``None``: nothing is."""
    next_at: float | None
    """When the next one is allowed; ``None``: at once."""


class UsedPage(Shape):
    """The caller's limits; what is without limit is left out."""

    items: tuple[Used, ...]
    next: str | None = None
