"""How passages of the user's files stand in a prompt, and how an answer refers back to them.

    Passages from the user's files:
    [1] report.pdf, page 3
      The budget for 2026
      is 4.2 million euros.
    [2] notes.txt
      …
    End of passages.

Every line of a passage is indented, so no document can forge a heading or the end mark.
"""

import re
from collections.abc import Sequence

from tokenline.contracts.attachments import Passage
from tokenline.contracts.base import Shape
from tokenline.contracts.chat import Citation

HEADING = "Passages from the user's files:"
END = "End of passages."
_INDENT = "  "

_NUMBERED = re.compile(r"\[(\d+)\] (.*)")
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
# [1], [1, 2] and the 【1】 that some models were trained to write.
_MARK = re.compile(r"[\[【]\s*(\d{1,4}(?:\s*[,;]\s*\d{1,4})*)\s*[\]】]")


class NumberedPassage(Shape):
    """A passage as read back from a prompt. ``source`` is its file and page, as in ``report.pdf, page 3``."""

    number: int
    source: str
    text: str


def source(passage: Passage) -> str:
    """File and page on one line; white space in the file's name becomes single spaces."""
    name = " ".join(passage.name.split())
    return name if passage.page is None else f"{name}, page {passage.page}"


def render(passages: Sequence[Passage]) -> str:
    """The block for a system turn, numbered from 1 in the given order; empty without passages."""
    if not passages:
        return ""
    lines = [HEADING]
    for number, passage in enumerate(passages, 1):
        lines.append(f"[{number}] {source(passage)}")
        lines += [_INDENT + line for line in passage.content.split("\n")]
    return "\n".join([*lines, END])


def parse(text: str) -> list[NumberedPassage]:
    """The passages of the first block in ``text``; empty where there is none. Takes unindented text too."""
    _, heading, block = f"\n{text}".partition(f"\n{HEADING}\n")
    if not heading:
        return []
    found: list[tuple[int, str, list[str]]] = []
    for line in block.split("\n"):
        if line == END:
            break
        numbered = _NUMBERED.fullmatch(line)
        if numbered:
            found.append((int(numbered[1]), numbered[2], []))
        elif found:
            found[-1][2].append(line.removeprefix(_INDENT))
    return [NumberedPassage(number=number, source=origin, text="\n".join(lines)) for number, origin, lines in found]


def cited(text: str, passages: Sequence[Passage]) -> tuple[Citation, ...]:
    """The passages that an answer names by ``[n]`` outside code, by number; numbers nobody gave are ignored.

    ``passages`` are those of `render`, in the same order.
    """
    marks = _MARK.findall(_CODE.sub(" ", text))
    numbers = {int(number) for mark in marks for number in re.findall(r"\d+", mark)}
    return tuple(_citation(number, passage) for number, passage in enumerate(passages, 1) if number in numbers)


def _citation(number: int, passage: Passage) -> Citation:
    return Citation(
        number=number,
        attachment_id=passage.attachment_id,
        name=passage.name,
        page=passage.page,
        start=passage.start,
        end=passage.end,
        passage=passage.content,
        similarity=passage.similarity,
    )
