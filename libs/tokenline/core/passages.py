"""How passages of the user's files stand in a prompt. How an answer refers back to them: `core/citations.py`.

    Passages from the user's files:
    [1] report.pdf, page 3
      The budget for 2026
      is 4.2 million euros.
    [2] notes.md, section Travel › Trains
      …
    End of passages.

Every line of a passage is indented, so no document can forge a heading or the end mark. Where nothing was found and
the files' openings stand in, the heading says so. Files without any text to offer are named before the passages, each
on a line of its own:

    The file “scan.pdf” could not be read: “scan.pdf” has no text in it. It may be a scan.
"""

import re
from collections.abc import Sequence

from tokenline.contracts.attachments import Passage
from tokenline.contracts.base import Shape
from tokenline.contracts.chat import UnreadFile

HEADING = "Passages from the user's files:"
OPENING_HEADING = "Nothing in the user's files was found for the question. The files begin with these passages:"
UNSEARCHABLE = "The user's files cannot be searched at the moment; say so."
END = "End of passages."
_INDENT = "  "

_HEADINGS = re.compile(rf"^(?:{re.escape(HEADING)}|({re.escape(OPENING_HEADING)}))\n", re.MULTILINE)
_UNREAD = re.compile(r"The file “(.*?)” could not be read: (.*)")
_NUMBERED = re.compile(r"\[(\d+)\] (.*)")


class NumberedPassage(Shape):
    """A passage as read back from a prompt. ``source`` is its file and place, as in ``report.pdf, page 3``."""

    number: int
    source: str
    text: str
    opening: bool = False
    """Its file begins with it; it was not found for the question."""


def source(passage: Passage) -> str:
    """File and place on one line; white space in what the file says becomes single spaces."""
    place = place_of(passage.page, passage.section)
    return _on_one_line(f"{passage.name}, {place}" if place else passage.name)


def place_of(page: int | None, section: str | None) -> str:
    """Where in its file something stands: ``page 3``, or ``section Travel › Trains`` where there are no pages."""
    if page is not None:
        return f"page {page}"
    return f"section {section}" if section else ""


def render(passages: Sequence[Passage], numbers: Sequence[int] | None = None) -> str:
    """The block for a system turn, or for what a search was answered with; empty without passages.

    ``numbers`` are those of the passages; ``None``: from 1 in the given order.
    Passages that are all similar to nothing are openings (`VectorIndex.opening`).
    """
    if not passages:
        return ""
    lines = [HEADING if any(passage.similarity for passage in passages) else OPENING_HEADING]
    for number, passage in zip(numbers or range(1, len(passages) + 1), passages, strict=True):
        lines.append(f"[{number}] {source(passage)}")
        lines += [_INDENT + line for line in passage.content.split("\n")]
    return "\n".join([*lines, END])


def parse(text: str) -> list[NumberedPassage]:
    """The passages of the first block in ``text``; empty where there is none. Takes unindented text too."""
    heading = _HEADINGS.search(text)
    if heading is None:
        return []
    found: list[tuple[int, str, list[str]]] = []
    for line in text[heading.end() :].split("\n"):
        if line == END:
            break
        numbered = _NUMBERED.fullmatch(line)
        if numbered:
            found.append((int(numbered[1]), numbered[2], []))
        elif found:
            found[-1][2].append(line.removeprefix(_INDENT))
    opening = heading[1] is not None
    return [
        NumberedPassage(number=number, source=origin, text="\n".join(lines), opening=opening)
        for number, origin, lines in found
    ]


def render_unread(file: UnreadFile) -> str:
    """The line for a system turn; white space in name and reason becomes single spaces."""
    return f"The file “{_on_one_line(file.name)}” could not be read: {_on_one_line(file.reason)}"


def parse_unread(text: str) -> list[UnreadFile]:
    """The files that lines of ``text`` name as unread. Passages are indented and therefore never among them."""
    found = map(_UNREAD.fullmatch, text.split("\n"))
    return [UnreadFile(name=line[1], reason=line[2]) for line in found if line]


def _on_one_line(text: str) -> str:
    return " ".join(text.split())
