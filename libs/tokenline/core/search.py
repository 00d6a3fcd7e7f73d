"""Searching conversations by words: what counts as a word, what a query asks for, and where it is found.

Text is folded before it is compared: case and accents do not count. What is written without spaces between words
(Chinese, Japanese, Thai …) is cut into single characters, so that any part of it is found. Both stores keep the folded
words and both search for runs of them, so that they find the same.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from tokenline.contracts.base import Shape
from tokenline.contracts.chat import MessageStatus

QUERY_CHARACTERS = 200
MAX_TERMS = 16
SNIPPET_CHARACTERS = 180
_BEFORE = 50
"""Characters of the snippet before the first hit."""

# Thai, Lao, Myanmar, Khmer; kana, bopomofo, Han and what is written among them.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3041-\u30ff\u3105-\u312f\u31a0-\u31bf\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_ONE = re.compile(f"[{_UNSPACED}]")
_PIECE = re.compile(r'(-?)(?:"([^"]*)"?|([^\s"]+))')


class _Folding(dict[int, str]):
    """For `str.translate`: one character to what is compared; a space where a word ends, nothing for an accent."""

    def __missing__(self, point: int) -> str:
        folded = self[point] = _folded(chr(point))
        return folded


def _folded(character: str) -> str:
    whole = unicodedata.normalize("NFKC", character)
    if not _ONE.search(whole):
        bare = "".join(c for c in unicodedata.normalize("NFKD", whole) if not unicodedata.combining(c))
        whole = unicodedata.normalize("NFC", bare)
        if not whole:
            return ""
    kept = "".join(c if c.isalnum() or _ONE.match(c) else " " for c in whole.casefold())
    return kept if kept.strip() else " "


_FOLDING = _Folding()


def words_of(text: str) -> str:
    """The folded words, each followed by one space."""
    folded = text.translate(_FOLDING)
    if not folded.isascii():
        folded = _ONE.sub(r" \g<0> ", folded)
    words = folded.split()
    words.append("")
    return " ".join(words)


def searchable(role: str, status: str) -> bool:
    """Whether a message is found: what was said, without questions that were withdrawn."""
    return role == "assistant" or (role == "user" and status != MessageStatus.CANCELLED)


class Term(Shape):
    """A run of words. ``open``: the last one may go on."""

    words: tuple[str, ...]
    open: bool

    @property
    def needle(self) -> str:
        """To be looked for in what `words_of` makes, with a space before it."""
        return f" {' '.join(self.words)}{'' if self.open else ' '}"


class Terms(Shape):
    """What a query asks for: all of ``wanted`` and none of ``unwanted``."""

    wanted: tuple[Term, ...]
    unwanted: tuple[Term, ...] = ()

    def match(self, words: str) -> bool:
        """Whether ``words``, as `words_of` makes them, are such."""
        padded = f" {words}"
        return all(term.needle in padded for term in self.wanted) and not any(
            term.needle in padded for term in self.unwanted
        )


def parse_query(text: str) -> Terms | None:
    """As a person types it: words (also their beginnings), ``"phrases"``, ``-without``. ``None``: it asks for nothing.

    Nothing in it means anything to an engine. Of more than `MAX_TERMS` terms the first are taken.
    """
    wanted: list[Term] = []
    unwanted: list[Term] = []
    for minus, phrase, word in _PIECE.findall(text[:QUERY_CHARACTERS]):
        words = tuple(words_of(phrase or word).split())
        if words:
            is_open = not phrase and not _ONE.match(words[-1])
            (unwanted if minus else wanted).append(Term(words=words, open=is_open))
    if not wanted:
        return None
    return Terms(wanted=tuple(wanted[:MAX_TERMS]), unwanted=tuple(unwanted[:MAX_TERMS]))


class Snippet(Shape):
    text: str
    highlights: tuple[tuple[int, int], ...]
    """Starts and ends in code points of ``text``, in order, without overlap."""


def snippet(text: str, terms: Terms, limit: int = SNIPPET_CHARACTERS) -> Snippet:
    """The surroundings of the first hit, on one line; what was left out before and after it is told by ``…``."""
    pattern = _pattern(terms.wanted)
    folded, origins = _with_origins(text)
    first = pattern.search(folded)
    at = _original(origins, first.start()) if first else 0
    start = 0 if at <= _BEFORE or len(text) <= limit else _word_start(text, at - _BEFORE, at)
    end = min(len(text), start + limit)
    before, after = "…" if start else "", "…" if end < len(text) else ""
    shown = "".join(" " if c.isspace() or not c.isprintable() else c for c in text[start:end])
    marks: list[tuple[int, int]] = []
    # The window is folded by itself, so that the cost is that of the window; hits never begin before it.
    inside, inside_origins = _with_origins(text[start:end])
    for hit in pattern.finditer(inside):
        marks.append(
            (
                _original(inside_origins, hit.start()) + len(before),
                _original(inside_origins, hit.end() - 1) + 1 + len(before),
            )
        )
    return Snippet(text=f"{before}{shown}{after}", highlights=tuple(marks))


def _word_start(text: str, earliest: int, latest: int) -> int:
    space = next((i for i in range(earliest, latest) if text[i].isspace()), None)
    return earliest if space is None else space + 1


def _with_origins(text: str) -> tuple[str, Sequence[int] | None]:
    """Folded, and for each character of that the place it came from; ``None``: its own."""
    folded = text.translate(_FOLDING)
    if len(folded) == len(text) and (folded.isascii() or all(len(_FOLDING[ord(c)]) == 1 for c in set(text))):
        return folded, None
    return folded, [i for i, character in enumerate(text) for _ in _FOLDING[ord(character)]]


def _original(origins: Sequence[int] | None, place: int) -> int:
    return place if origins is None else origins[place]


@lru_cache(maxsize=64)
def _pattern(terms: tuple[Term, ...]) -> re.Pattern[str]:
    """Finds them in folded text, which still has its runs of spaces and none around single characters."""
    letter = f"[^ {_UNSPACED}]"
    found = []
    for term in sorted(terms, key=lambda term: -len(term.needle)):
        run = re.escape(term.words[0])
        for former, word in zip(term.words, term.words[1:], strict=False):
            run += (" *" if _ONE.match(former) or _ONE.match(word) else " +") + re.escape(word)
        opening = "" if _ONE.match(term.words[0]) else f"(?<!{letter})"
        closing = "" if term.open or _ONE.match(term.words[-1]) else f"(?!{letter})"
        found.append(opening + run + closing)
    return re.compile("|".join(found))
