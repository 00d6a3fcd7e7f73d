"""Cuts text into overlapping passages at sentence ends, each with its true place in the text."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from semantic_text_splitter import TextSplitter

from services.ingest.extract.answers import Piece

PASSAGE_CHARS = (700, 1000)
"""A passage ends at the best boundary between these."""
OVERLAP_CHARS = 120
BLOCK_CHARS = 8000
"""The splitter takes quadratic time on text without boundaries, so it gets blocks; 8,000 keep that below 2 s per 1M."""
RUN_CHARS = 400
"""A longer run without any break (base64, a minified script) is cut blindly: no boundary in it means anything."""

PAGE_BREAK = "\f"

_RUN = re.compile(rf"[^\s.,;:!?。、！？，；：…]{{{RUN_CHARS},}}")
# Where a block may end, best first: paragraph, line, sentence, word.
_BLOCK_ENDS = ("\n\n", "\n", ". ", "。", " ")
_WORD = re.compile(r"[^\W_]")

_splitter = TextSplitter(PASSAGE_CHARS, overlap=OVERLAP_CHARS)


def cut_pages(pages: Sequence[str], *, numbered: bool) -> list[Piece]:
    """Passages of all pages in order; none crosses a page, so that a citation's page is exact."""
    pieces = []
    offset = 0
    for number, text in enumerate(pages, 1):
        for start, end in _spans(text):
            content = text[start:end]
            if _WORD.search(content):
                page = number if numbered else None
                pieces.append(Piece(page=page, start=offset + start, end=offset + end, content=content))
        offset += len(text) + len(PAGE_BREAK)
    return pieces


def _spans(text: str) -> Iterator[tuple[int, int]]:
    for begin, end, unbroken in _blocks(text):
        if unbroken:
            yield from _windows(begin, end)
        else:
            for start, passage in _splitter.chunk_indices(text[begin:end]):
                yield begin + start, begin + start + len(passage)


def _blocks(text: str) -> Iterator[tuple[int, int, bool]]:
    """(start, end, whether it is an unbroken run), covering the text."""
    runs = [match.span() for match in _RUN.finditer(text) if _is_unbroken(match.group())]
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
