"""What both PDF libraries give, and the bounds they keep."""

from dataclasses import dataclass, field
from typing import Any

from tokenline.contracts.errors import TooComplex

MAX_PAGES = 10_000


@dataclass
class Pages:
    """What a library made of a file."""

    texts: list[str] = field(default_factory=list)
    outline: list[tuple[int, str, int]] = field(default_factory=list)
    """Level from 1, title, number of its page from 0."""
    info: dict[str, Any] = field(default_factory=dict)
    damaged: bool = False
    """Some pages could not be reached."""
    scanned: list[int] = field(default_factory=list)
    """Numbers, from 1, of pages whose text was recognised in their picture."""
    out_of_time: bool = False
    """More pages might have been recognised."""


def check_pages(count: int, name: str) -> None:
    if count > MAX_PAGES:
        raise TooComplex(f"“{name}” has more than {MAX_PAGES:,} pages.")
