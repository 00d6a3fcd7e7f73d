"""Tools that a worker carries out itself while it writes an answer."""

from typing import Annotated, Literal

from msgspec import Meta

from tokenline.contracts.base import Shape

SEARCH_FILES = "search_files"
CURRENT_TIME = "current_time"
BUILT_IN = (SEARCH_FILES, CURRENT_TIME)
"""What agents may name."""

SHOWN_CHARACTERS = 1000
"""Of a call's arguments: so much of them is shown and stored."""


class ToolOutcome(Shape):
    """What became of a call."""

    status: Literal["completed", "failed"]
    summary: Annotated[str, Meta(max_length=1000)]
    """For people: what came of it (``4 passages``), or a sentence why nothing did."""
    duration_s: float


class ToolDetail(Shape):
    """A call as it is shown: with what, and once it is over what came of it."""

    arguments: str
    """JSON as the model wrote it, unchecked, and cut at 1,000 characters."""
    summary: str | None = None
    """As in `ToolOutcome`; ``None``: it is under way."""
    duration_s: float | None = None
