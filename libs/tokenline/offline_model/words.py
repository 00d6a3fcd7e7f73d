"""Text to words and sentences, for any script and without a dictionary."""

import re
import unicodedata
from itertools import zip_longest

from tokenline.offline_model.stop_words import OVERVIEW_WORDS, STOP_WORDS

# Scripts written without spaces: every pair of neighbouring characters counts as a word.
_UNSPACED = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_WORD = re.compile(rf"[{_UNSPACED}]+|\d+(?:[.,]\d+)*|[^\W\d_{_UNSPACED}]+")
_LATIN = re.compile(r"[a-zß-öø-ÿ]+")
_IS_UNSPACED = re.compile(rf"[{_UNSPACED}]")

# English and German together, longest first: which language a word is of need not be told.
_ENDINGS = ("ings", "edly", "ing", "ern", "est", "ed", "ies", "es", "en", "er", "em", "ly", "s", "e")
_ABBREVIATION = re.compile(
    r"(?:\b(?:Dr|Mr|Mrs|Ms|Prof|St|Nr|No|Fig|Vol|Abs|Art|Tel|Mio|Mrd|vs|Inc|Ltd|Co|plc|approx|ca|bzw|usw|etc)"
    r"|\b\w\.\s?\w|\b[A-Z]"
    # "am 1. März", "der 3. Werktag": German ordinals.
    r"|\b(?:am|vom|zum|beim|der|die|das|den|dem|des|bis|ab|seit|und|im)\s\d{1,2}|^\W*\d{1,2})\.$",
)
_MONTH = re.compile(
    r"(?:Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember|Jahrhundert)\b"
)
_ORDINAL = re.compile(r"\b\d{1,2}\.$")
_STOP = re.compile(r"(?<=[.!?…])[\"”’»)\]]*\s+(?=[^\sa-z])|(?<=[。！？｡])[」』”）]*")
_BULLET = re.compile(r"\s*(?:[-*•–·#|>]|\d{1,3}[.)])\s")
_FIELD = re.compile(r"[\w.-]+(?:\[\d+\])?: \S")
"""A line of JSON as it is read: ``limits.body_kilobytes: 256``."""
_SHORT_LINE = 0.6
_LONG = 300


def words(text: str) -> list[str]:
    """In order, folded and stemmed, stop words included."""
    found = []
    for word in _WORD.findall(unicodedata.normalize("NFKC", text).casefold()):
        if _IS_UNSPACED.match(word):
            found += [word[i : i + 2] for i in range(len(word) - 1)] or [word]
        else:
            found.append(_stem(word))
    return found


def content_words(text: str) -> list[str]:
    """`words` that say something."""
    return [word for word in words(text) if word not in _STEMMED_STOP_WORDS]


def asks_for_overview(question: str) -> bool:
    """Whether it names nothing but the file as such, as in "Summarise this" or "What is the report about?"."""
    # A single letter is what an apostrophe left over.
    asked = {word for word in content_words(question) if len(word) > 1}
    return asked <= _STEMMED_OVERVIEW_WORDS and not _STEMMED_OVERVIEW_WORDS.isdisjoint(words(question))


def _stem(word: str) -> str:
    """Cut off one common ending; so roughly that "budgets" meets "budget" and no two languages need telling apart."""
    if len(word) < 4 or not _LATIN.fullmatch(word):
        return word
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            return word[: -len(ending)] + ("i" if ending == "ies" else "")
    return word[:-1] + "i" if word.endswith("y") else word


_STEMMED_STOP_WORDS = STOP_WORDS | {_stem(word) for word in STOP_WORDS}
_STEMMED_OVERVIEW_WORDS = {_stem(word) for word in OVERVIEW_WORDS}


def sentences(text: str) -> list[str]:
    """In order, each on one line. Lines broken by a page's width are joined; list items and short lines stand alone."""
    return [sentence for block in _blocks(text) for sentence in _split(block)]


def _blocks(text: str) -> list[str]:
    lines = [" ".join(line.split()) for line in text.splitlines()]
    widest = max(map(len, lines), default=0)
    blocks: list[list[str]] = [[]]
    for line, following in zip_longest(lines, lines[1:], fillvalue=""):
        if _BULLET.match(line) or _FIELD.match(line):
            blocks.append([])
        if line:
            blocks[-1].append(line)
        if not line or (len(line) < widest * _SHORT_LINE and not following[:1].islower()):
            blocks.append([])
    return [joined for block in blocks for joined in _joined(block)]


def _joined(block: list[str]) -> list[str]:
    """One text; but lines that never end a sentence are rows of a table, and stay apart."""
    whole = " ".join(block)
    if len(whole) > _LONG and len(_split(whole)) == 1:
        return block
    return [whole] if whole else []


def _split(block: str) -> list[str]:
    if block.startswith("#"):
        return [block]
    found: list[str] = []
    for piece in _STOP.split(block):
        if found and (_ABBREVIATION.search(found[-1]) or (_ORDINAL.search(found[-1]) and _MONTH.match(piece))):
            found[-1] += f" {piece}"
        elif piece.strip():
            found.append(piece.strip())
    return found
