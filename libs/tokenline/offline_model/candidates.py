"""What could be quoted: the sentences, list items and rows of passages, each with what stands around it."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from tokenline.contracts.base import Shape
from tokenline.core.passages import NumberedPassage
from tokenline.offline_model.words import content_words, sentences, words

_REFERS_BACK = re.compile(
    r"\W*(?:it|its|they|their|he|she|his|her|this|that|these|those|then|er|sie|es|ihr|ihre|sein|seine|dies|diese|dieser"
    r"|dieses|danach|dafür|dort)\b",
    re.IGNORECASE,
)
_RULE = re.compile(r"[\s|:+=-]+")
_HEADING_WORDS = 12
"""A line with more words is no heading, unless it is marked as one."""
_FEWEST_WORDS = 4


class Quote(Shape):
    number: int
    source: str
    sentence: str
    columns: str = ""
    """Of a row: what its table's columns are called."""


class Candidate(Shape):
    quote: Quote
    counts: dict[str, int]
    """Its words."""
    length: int
    heading: frozenset[str]
    """Words of the headings that it stands under."""
    passage: frozenset[str]
    """Words of its passage."""
    before: frozenset[str]
    """Words of the sentence before it."""
    refers_back: bool
    """It begins with "It", "They", …: what it is about was named before."""
    stands_alone: bool
    """It is a sentence or a row, and not a few words that may be a heading."""


def candidates(passages: Sequence[NumberedPassage]) -> list[Candidate]:
    """Overlapping passages share sentences; each is taken from the first that has it.

    What is marked as a heading is none itself.
    """
    found: list[Candidate] = []
    seen: set[str] = set()
    for passage in passages:
        for candidate in _of(passage):
            if candidate.quote.sentence not in seen:
                seen.add(candidate.quote.sentence)
                found.append(candidate)
    return found


def _of(passage: NumberedPassage) -> Iterator[Candidate]:
    above = frozenset(words(passage.source))
    heading, before, columns = above, frozenset[str](), ""
    lines, whole = sentences(passage.text), frozenset(words(passage.text))
    for line, following in zip_longest(lines, lines[1:], fillvalue=""):
        spoken = words(line)
        row = line.startswith("|")
        if not spoken or (row and _RULE.fullmatch(line)):
            continue
        if row and following.startswith("|") and _RULE.fullmatch(following):
            columns = _cells(line)
            continue
        titles = not row and is_heading(line)
        if not (titles and is_marked(line)):
            columns = columns if row else ""
            yield Candidate(
                quote=Quote(number=passage.number, source=passage.source, sentence=line, columns=columns),
                counts=Counter(spoken),
                length=len(spoken),
                heading=heading | frozenset(words(columns)),
                passage=whole,
                before=frozenset() if row else before,
                refers_back=_REFERS_BACK.match(line) is not None,
                stands_alone=row or not (titles or len(spoken) < _FEWEST_WORDS),
            )
        heading, before = (above | frozenset(spoken), frozenset()) if titles else (heading, frozenset(spoken))


def is_marked(line: str) -> bool:
    """A heading and nothing else: by Markdown's sign, or a question that is answered below it."""
    return line.startswith("#") or line.endswith("?")


def is_heading(line: str) -> bool:
    """Marked as one, or a few words without an end: these may be all that a slide says, too."""
    if line.startswith("#"):
        return True
    if line.startswith(("-", "*", "•", "|", "“")) or ":" in line:
        return False
    few = len(line.split()) <= _HEADING_WORDS
    return few and (line.endswith("?") or (line[-1].isalnum() and len(content_words(line)) <= _HEADING_WORDS // 2))


def _cells(row: str) -> str:
    return ", ".join(cell.strip() for cell in row.strip("|").split("|") if cell.strip())
