"""The text that was read from a file, as ingest keeps it beside the file."""

from tokenline.contracts.base import Shape


class Heading(Shape):
    """``start`` is where it stands in the text; ``level`` counts from 1."""

    start: int
    level: int
    title: str


class ExtractedText(Shape):
    """What passages and citations refer to, readable without the file. All offsets count code points of ``text``."""

    mime_type: str
    text: str
    page_starts: tuple[int, ...] | None = None
    """Where each page begins, in files that have pages."""
    headings: tuple[Heading, ...] = ()
    """In the order of the text."""
    breaks: tuple[int, ...] = ()
    """Where a passage should begin, ascending: rows of a table stay with their repeated header."""
