"""Cuts text into overlapping passages at sentence ends, each with its true place in the text."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from semantic_text_splitter import TextSplitter

from tokenline.contracts.texts import ExtractedText

CUT = 2
"""Raise it where the same text is cut otherwise, or other words are taken from it: every file is then indexed again
from its kept text."""
PASSAGE_CHARS = (700, 1000)
"""A passage ends at the best boundary between these."""
OVERLAP_CHARS = 120
BLOCK_CHARS = 8000
"""The splitter takes quadratic time on text without boundaries, so it gets blocks; 8,000 keep that below 2 s per 1M."""
RUN_CHARS = 400
"""A longer run without any break (base64, a minified script) is cut blindly: no boundary in it means anything."""

SECTION_CHARS = 200
"""A heading ends the passage before it if that has so much text."""

_RUN = re.compile(rf"[^\s.,;:!?。、！？，；：…]{{{RUN_CHARS},}}")
_HALF = re.compile(rf"[^\s.,;:!?。、！？，；：…]{{{RUN_CHARS // 2}}}")
# Where a block may end, best first: paragraph, line, sentence, word.
_BLOCK_ENDS = ("\n\n", "\n", ". ", "。", " ")
_WORD = re.compile(r"[^\W_]")

_splitter = TextSplitter(PASSAGE_CHARS, overlap=OVERLAP_CHARS)


def cut(text: ExtractedText) -> list[tuple[int, int]]:
    """Start and end of the passages, in order. None crosses a page, so that a citation's page is exact."""
    found = []
    for begin, stop in _parts(text):
        for start, end in _spans(text.text[begin:stop]):
            if _WORD.search(text.text, begin + start, begin + end):
                found.append((begin + start, begin + end))
    return found


def _parts(text: ExtractedText) -> Iterator[tuple[int, int]]:
    """Pages without their form feed, and within them what headings and tables set apart."""
    pages = text.page_starts or (0,)
    ends = [start - 1 for start in pages[1:]] + [len(text.text)]
    for page, stop in zip(pages, ends, strict=True):
        begin = page
        for at, firm in _cuts(text, page, stop):
            if firm or at - begin >= SECTION_CHARS:
                yield begin, at
                begin = at
        yield begin, stop


def _cuts(text: ExtractedText, begin: int, stop: int) -> list[tuple[int, bool]]:
    """(place, whether a passage must begin there): a short section is read together with the one after it."""
    firm = _between(text.breaks, begin, stop)
    soft = _between([heading.start for heading in text.headings], begin, stop)
    return sorted([(at, True) for at in firm] + [(at, False) for at in set(soft) - set(firm)])


def _between(ordered: Sequence[int], begin: int, stop: int) -> Sequence[int]:
    return ordered[bisect_right(ordered, begin) : bisect_left(ordered, stop)]


def _spans(text: str) -> Iterator[tuple[int, int]]:
    for begin, end, unbroken in _blocks(text):
        if unbroken:
            yield from _windows(begin, end)
        else:
            for start, passage in _splitter.chunk_indices(text[begin:end]):
                yield begin + start, begin + start + len(passage)


def _blocks(text: str) -> Iterator[tuple[int, int, bool]]:
    """(start, end, whether it is an unbroken run), covering the text."""
    runs = [match.span() for match in _RUN.finditer(text) if _is_unbroken(match.group())] if _may_run(text) else []
    starts = [begin for begin, _ in runs]
    at = 0
    while at < len(text):
        following = bisect_left(starts, at)
        limit = starts[following] if following < len(runs) else len(text)
        if at == limit:
            at = runs[following][1]
            yield limit, at, True
            continue
        end = _block_end(text, at, limit)
        yield at, end, False
        at = end


def _may_run(text: str) -> bool:
    """Of any run one half begins at such a place; looking for runs at each character takes thirty times as long."""
    return any(_HALF.match(text, at) for at in range(0, len(text), RUN_CHARS // 2))


def _is_unbroken(run: str) -> bool:
    """Not so in scripts that write no spaces: the splitter knows their words."""
    return sum(character.isascii() for character in run) * 2 > len(run)


def _block_end(text: str, begin: int, limit: int) -> int:
    if limit - begin <= BLOCK_CHARS:
        return limit
    last = begin + BLOCK_CHARS
    for end in _BLOCK_ENDS:
        found = text.rfind(end, begin + BLOCK_CHARS // 2, last)
        if found != -1:
            return found + len(end)
    return last


def _windows(begin: int, end: int) -> Iterator[tuple[int, int]]:
    for start in range(begin, end, PASSAGE_CHARS[1]):
        yield start, min(start + PASSAGE_CHARS[1], end)
