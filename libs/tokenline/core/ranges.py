"""Which part of a file a ``Range`` header asks for (RFC 9110 §14): one part, or all of it."""

import re

from tokenline.contracts.base import Shape
from tokenline.contracts.errors import RangeNotSatisfiable

# Digits enough for 1 EB, so that no header makes a huge number.
_ONE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.IGNORECASE)


class Part(Shape):
    """``start`` is in it, ``end`` is not."""

    start: int
    end: int


def part_of(header: str | None, size: int) -> Part | None:
    """``None``: all of it, also for what we do not serve in parts, as the RFC allows: other units, several parts.

    Raises `RangeNotSatisfiable` for a part beyond the end.
    """
    found = _ONE.fullmatch(re.sub(r"\s", "", header or ""))
    if found is None or found[1] == found[2] == "":
        return None
    first, last = found[1], found[2]
    if first == "":
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < start:
            return None  # no range at all, which counts as none
    if start >= end:
        raise RangeNotSatisfiable(size_bytes=size)
    return Part(start=start, end=end)
