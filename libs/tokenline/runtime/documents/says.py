"""What a route declares about its answers, beside the code that gives them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tokenline.contracts.errors import TokenlineError

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])

JSON = "application/json"
EVENT_STREAM = "text/event-stream"
BYTES = "application/octet-stream"
TEXT = "text/plain"
MARKDOWN = "text/markdown"


@dataclass(frozen=True)
class Said:
    answer: type | None
    """A struct; ``None``: no body, or one that is no JSON."""
    errors: tuple[type[TokenlineError], ...] = ()
    """Its own; those that any such route may have are added by the document."""
    also: Mapping[int, type] = field(default_factory=dict)
    """Further statuses that have a struct of their own."""
    media: str = JSON
    about: str = "Done."
    """One sentence about the answer, where the struct does not say it."""
    or_text: str | None = None
    """Media type of the text that it may be instead."""
    parts: bool = False
    """206: a part of it, where one is asked for."""
    unchanged: bool = False
    """304, to whoever has it already."""


def says(
    answer: type | None,
    *errors: type[TokenlineError],
    also: Mapping[int, type] | None = None,
    media: str = JSON,
    about: str = "Done.",
    or_text: str | None = None,
    parts: bool = False,
    unchanged: bool = False,
) -> Callable[[Endpoint], Endpoint]:
    """Decorates an endpoint, below its route: ``@says(Conversation, NotFound)``. Changes nothing in how it runs."""

    def declared(endpoint: Endpoint) -> Endpoint:
        endpoint.__dict__["said"] = Said(answer, errors, also or {}, media, about, or_text, parts, unchanged)
        return endpoint

    return declared


def said_by(endpoint: Callable[..., Any]) -> Said | None:
    said: Said | None = getattr(endpoint, "said", None)
    return said
