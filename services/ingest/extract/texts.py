"""Plain text and Markdown: the right characters, one kind of line end, and Markdown's headings."""

import re

from services.ingest.extract.source import Source
from services.ingest.extract.writer import TITLE_CHARS
from tokenline.contracts.errors import Unsupported
from tokenline.contracts.texts import ExtractedText, Heading
from tokenline.core.filetype import HEAD_BYTES, MARKDOWN, encoding_of

MOST_BROKEN = 50
"""One character in so many may be broken, and what has them is still text."""

# Halves of surrogate pairs, which no encoding can hold, and NUL, which no engine stores.
_UNSTORABLE = re.compile("[\ud800-\udfff\x00]")
_LINE_ENDS = re.compile("\r\n?|\x85|\u2028")
_HEADING = re.compile(r"^ {0,3}(#{1,6})[ \t]+(.+?)[ \t]*#*[ \t]*$", re.MULTILINE)
_FENCED = re.compile(r"^ {0,3}(```|~~~).*?(?:^ {0,3}\1|\Z)", re.MULTILINE | re.DOTALL)


def decoded(data: bytes, name: str) -> str:
    """Raises `Unsupported` for what only begins like text."""
    return storable(_LINE_ENDS.sub("\n", _decoded(data, name)))


def storable(text: str) -> str:
    return _UNSTORABLE.sub("\ufffd", text)


def plain_text(text: str, mime_type: str, source: Source) -> ExtractedText:
    source.check(len(text))
    return ExtractedText(mime_type=mime_type, text=text, headings=_headings(text) if mime_type == MARKDOWN else ())


def _decoded(data: bytes, name: str) -> str:
    first = encoding_of(data[:HEAD_BYTES]) or "utf-8"
    try:
        return data.decode(first)
    except UnicodeDecodeError as error:
        # Begins like one encoding and goes on in another: judge by the place that does not fit.
        second = encoding_of(data[max(0, error.start - HEAD_BYTES // 2) : error.start + HEAD_BYTES // 2])
    text = data.decode(second or first, errors="replace")
    if second is None and (text.count("\ufffd") + text.count("\0")) * MOST_BROKEN > len(text):
        raise Unsupported(f"“{name}” begins like text, but is none.")
    return text


def _headings(text: str) -> tuple[Heading, ...]:
    fenced = [match.span() for match in _FENCED.finditer(text)]
    found = []
    at = 0
    for match in _HEADING.finditer(text):
        while at < len(fenced) and fenced[at][1] <= match.start():
            at += 1
        if at == len(fenced) or match.start() < fenced[at][0]:
            title = " ".join(match[2].split())[:TITLE_CHARS]
            found.append(Heading(start=match.start(), level=len(match[1]), title=title))
    return tuple(found)
