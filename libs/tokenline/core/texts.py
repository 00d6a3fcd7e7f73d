"""Where an offset stands in an extracted text: its page, and the headings above it."""

from bisect import bisect_right
from collections.abc import Sequence

from tokenline.contracts.texts import Heading

SEPARATOR = " › "
SECTION_CHARS = 300
"""Longest path of headings; the innermost are kept."""


class Sections:
    """Paths of headings, such as ``Methods › Sampling``."""

    def __init__(self, headings: Sequence[Heading]) -> None:
        self._starts = [heading.start for heading in headings]
        self._paths: list[str] = []
        above: list[Heading] = []
        for heading in headings:
            above = [*(outer for outer in above if outer.level < heading.level), heading]
            self._paths.append(_path(above))

    def at(self, offset: int) -> str | None:
        """``None`` before the first heading."""
        found = bisect_right(self._starts, offset)
        return self._paths[found - 1] if found else None


def page_at(page_starts: Sequence[int] | None, offset: int) -> int | None:
    """Counted from 1; ``None`` in files without pages."""
    return None if page_starts is None else max(1, bisect_right(page_starts, offset))


def _path(headings: Sequence[Heading]) -> str:
    path = SEPARATOR.join(heading.title for heading in headings)
    return path if len(path) <= SECTION_CHARS else "…" + path[1 - SECTION_CHARS :]
