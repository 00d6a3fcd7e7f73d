"""Choosing the sentences of given passages that answer a question best, without understanding any of them."""

import math
import re
from collections import Counter
from collections.abc import Sequence

from tokenline.contracts.base import Shape
from tokenline.core.passages import NumberedPassage
from tokenline.offline_model.words import content_words, sentences, words

# The customary constants of BM25 (Robertson and Zaragoza, 2009).
_K1 = 1.2
_B = 0.75
_MOST = 3
_MOST_OPENINGS = 8
_GOOD_ENOUGH = 0.55
"""A further sentence is quoted when it scores this share of the best."""
_FEWEST_WORDS = 4
"""Content words that make a sentence more than a heading."""
_ASKS_FOR_FIGURE = re.compile(
    r"\b(how (?:much|many|long|old|high|far)|when|what (?:year|date|time)|cost|price|wie ?viele?|wann|combien|quand)\b",
    re.I,
)


class Quote(Shape):
    number: int
    source: str
    sentence: str


class _Candidate(Shape):
    quote: Quote
    counts: dict[str, int]
    length: int
    neighbours: frozenset[str]
    """Words of the sentence before it: "It costs 4 euros" is about what was named there."""


def best_quotes(question: str, passages: Sequence[NumberedPassage], most: int = _MOST) -> list[Quote]:
    """Best first, each sentence once; empty when no word of the question that says something occurs in the passages."""
    asked = set(content_words(question))
    candidates = _candidates(passages)
    weights = _weights(asked, candidates)
    wants_figure = bool(_ASKS_FOR_FIGURE.search(question))
    average = sum(c.length for c in candidates) / len(candidates) if candidates else 0.0
    scored = sorted(
        ((_score(c, weights, average, wants_figure), -i, c) for i, c in enumerate(candidates)), reverse=True
    )
    if not scored or scored[0][0] <= 0:
        return []
    enough = scored[0][0] * _GOOD_ENOUGH
    return [candidate.quote for score, _, candidate in scored[:most] if score >= enough]


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
    return len(content_words(sentence)) >= fewest and any(map(str.isalpha, sentence))


def _candidates(passages: Sequence[NumberedPassage]) -> list[_Candidate]:
    """Overlapping passages share sentences; each is taken from the first that has it."""
    found: list[_Candidate] = []
    seen: set[tuple[str, ...]] = set()
    for passage in passages:
        before: frozenset[str] = frozenset()
        for sentence in sentences(passage.text):
            spoken = words(sentence)
            if spoken and tuple(spoken) not in seen:
                seen.add(tuple(spoken))
                quote = Quote(number=passage.number, source=passage.source, sentence=sentence)
                found.append(_Candidate(quote=quote, counts=Counter(spoken), length=len(spoken), neighbours=before))
            before = frozenset(spoken)
    return found


def _weights(asked: set[str], candidates: Sequence[_Candidate]) -> dict[str, float]:
    """Rarity of each asked word among the sentences; words that occur nowhere weigh nothing."""
    total = len(candidates)
    weights = {}
    for word in asked:
        having = sum(word in candidate.counts for candidate in candidates)
        if having:
            weights[word] = math.log(1 + (total - having + 0.5) / (having + 0.5))
    return weights


def _score(candidate: _Candidate, weights: dict[str, float], average: float, wants_figure: bool) -> float:
    norm = _K1 * (1 - _B + _B * candidate.length / average)
    score, hits = 0.0, 0
    for word, weight in weights.items():
        count = candidate.counts.get(word, 0)
        if count:
            score += weight * count * (_K1 + 1) / (count + norm)
            hits += 1
        elif word in candidate.neighbours:
            score += 0.25 * weight
    if not hits:
        return 0.0
    score *= 0.5 + 0.5 * hits / len(weights)
    if wants_figure and any(character.isdigit() for character in candidate.quote.sentence):
        score *= 1.4
    return score
