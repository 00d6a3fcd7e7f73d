"""Choosing the sentences of given passages that answer a question best, without understanding any of them."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from tokenline.contracts.base import Shape
from tokenline.core.passages import NumberedPassage
from tokenline.offline_model.candidates import Candidate, Quote, candidates
from tokenline.offline_model.kinds import Test, wanted_by
from tokenline.offline_model.stop_words import WEAK_WORDS
from tokenline.offline_model.words import content_words, sentences, words

# The customary k of BM25 (Robertson and Zaragoza, 2009); long sentences are held back less than documents are.
_K1 = 1.2
_B = 0.3
_MOST = 3
_MOST_OPENINGS = 8
_GOOD_ENOUGH = 0.75
"""A further sentence is quoted when it scores this share of the best."""
_FITS = 0.3
"""Of what the question's words weigh, so much is in a sentence, or about it, that fits."""
_FEWEST_WORDS = 4
"""Content words that make a sentence more than a heading."""
_FRAGMENT = 0.7
"""What a few words are worth beside a whole sentence."""

_FEWEST_SENTENCES = 20
"""Rarity is judged as among so many: in a note of two sentences every word would be common."""
_MOST_ASKED = 40
"""Words that are looked for: a question may be a whole document."""
_TOKEN = re.compile(r"\w+")

# How much a word counts, beside the whole word in the sentence itself (1).
_PART = 0.6
"""A word that begins with it, or ends with it, as German compounds do."""
_PART_LETTERS = 5
_CERTAIN = 2
"""So much of what is wanted makes a sentence a candidate that has no word of the question."""
_IN_HEADING = 0.45
_BEFORE = 0.2
_BEFORE_REFERRED = 0.5
_IN_PASSAGE = 0.15
_WEAK = 0.3
"""For words that only ask."""
_HAS_NOTHING = 0.75
_HAS_WANTED = 1.4
"""For each of what the question wants: a figure, its unit, a time, a name, a place."""


_STEMMED_WEAK_WORDS = {stem for word in WEAK_WORDS for stem in words(word)}


class Choice(Shape):
    quotes: tuple[Quote, ...]
    """Best first, each sentence once; empty when no word of the question that says something occurs in the passages."""
    fits: bool
    """Whether the best one has most of what was asked for."""


def choose(question: str, passages: Sequence[NumberedPassage], most: int = _MOST) -> Choice:
    found = candidates(passages)
    weights = _weights(question, found)
    total = sum(weights.values())
    wanted = wanted_by(question)
    average = sum(candidate.length for candidate in found) / max(1, len(found))
    scored = sorted(
        ((*_score(candidate, weights, total, average, wanted), -place) for place, candidate in enumerate(found)),
        reverse=True,
    )
    if not scored or scored[0][0] <= 0:
        return Choice(quotes=(), fits=False)
    enough = scored[0][0] * _GOOD_ENOUGH
    quotes = tuple(found[-place].quote for score, _, place in scored[:most] if score >= enough)
    return Choice(quotes=quotes, fits=scored[0][1] >= _FITS)


def best_quotes(question: str, passages: Sequence[NumberedPassage], most: int = _MOST) -> list[Quote]:
    return list(choose(question, passages, most).quotes)


def opening_quotes(passages: Sequence[NumberedPassage], most: int = _MOST_OPENINGS) -> list[Quote]:
    """The first informative sentence of each passage and the one after it, for questions that name nothing to look for.

    Overlapping passages share sentences; none is quoted twice.
    """
    quotes: list[Quote] = []
    seen: set[str] = set()
    for passage in passages:
        fresh = [sentence for sentence in sentences(passage.text) if sentence not in seen]
        opening = _opening(fresh)
        if opening:
            seen.update(opening)
            quotes.append(Quote(number=passage.number, source=passage.source, sentence=" ".join(opening)))
    return quotes[:most]


def _opening(found: Sequence[str]) -> Sequence[str]:
    """Skips headings, page numbers and the like; where there is nothing else, they are better than nothing."""
    first = next((place for place, sentence in enumerate(found) if _says_something(sentence)), None)
    if first is None:
        return found[:1]
    goes_on = first + 1 < len(found) and _says_something(found[first + 1], fewest=2)
    return found[first : first + 1 + goes_on]


def _says_something(sentence: str, fewest: int = _FEWEST_WORDS) -> bool:
    return not sentence.startswith("#") and len(content_words(sentence)) >= fewest and any(map(str.isalpha, sentence))


def _weights(question: str, found: Sequence[Candidate]) -> dict[str, float]:
    """Rarity of each asked word among the sentences; one that occurs nowhere is the rarest. Of long questions the
    rarest words that occur."""
    total = max(len(found), _FEWEST_SENTENCES)
    having = Counter(word for candidate in found for word in candidate.counts)
    asked = dict.fromkeys(content_words(question))
    if len(asked) > _MOST_ASKED:
        asked = dict.fromkeys(sorted((word for word in asked if having[word]), key=having.__getitem__)[:_MOST_ASKED])
    return {
        word: math.log(1 + (total - having[word] + 0.5) / (having[word] + 0.5))
        * (_WEAK if word in _STEMMED_WEAK_WORDS else 1)
        for word in asked
    }


def _score(
    candidate: Candidate,
    weights: dict[str, float],
    total: float,
    average: float,
    wanted: Sequence[Test],
) -> tuple[float, float]:
    """The score, and the share of what was asked for that is in the sentence or about it."""
    norm = _K1 * (1 - _B + _B * candidate.length / average)
    score, own, covered, titled = 0.0, False, 0.0, False
    for word, weight in weights.items():
        share, count = _within(word, candidate.counts)
        around = _around(word, candidate)
        score += weight * (share * count * (_K1 + 1) / (count + norm) if share >= around else around)
        own = own or share > 0
        titled = titled or around == _IN_HEADING
        covered += max(share, around) * weight
    if not covered:
        return 0.0, 0.0
    beyond = _beyond(candidate.quote.sentence, weights) if wanted else ""
    has = sum(bool(test(beyond)) for test in wanted)
    if not (own or titled or has >= _CERTAIN):
        return 0.0, 0.0
    score *= 0.4 + 0.6 * covered / total if total else 0.0
    if wanted:
        score *= _HAS_WANTED**has if has else _HAS_NOTHING
    if not candidate.stands_alone:
        score *= _FRAGMENT
    return score, covered / total if total else 0.0


def _beyond(sentence: str, asked: Iterable[str]) -> str:
    """The sentence without the question's own words: a name or a year that was asked about is no answer."""
    known = frozenset(asked)
    return _TOKEN.sub(lambda found: "_" if known.intersection(words(found[0])) else found[0], sentence)


def _within(word: str, counts: dict[str, int]) -> tuple[float, int]:
    """How much of the word is in the sentence, and how often."""
    if word in counts:
        return 1.0, counts[word]
    return (_PART, 1) if _has_part(word, counts) else (0.0, 0)


def _around(word: str, candidate: Candidate) -> float:
    if word in candidate.heading or _has_part(word, candidate.heading):
        return _IN_HEADING
    if word in candidate.before:
        return _BEFORE_REFERRED if candidate.refers_back else _BEFORE
    return _IN_PASSAGE if word in candidate.passage else 0.0


def _has_part(word: str, others: Iterable[str]) -> bool:
    if len(word) < _PART_LETTERS or not word.isalpha():
        return False
    return any(
        len(other) >= _PART_LETTERS
        and other != word
        and (other.startswith(word) or other.endswith(word) or word.startswith(other) or word.endswith(other))
        for other in others
    )
