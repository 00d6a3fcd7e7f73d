"""BM25 vectors of words and numbers.

Words are those of the engine, in a quarter of its time, since what it made of one is kept. Numbers it leaves out.
"""

import re
from collections import Counter
from itertools import chain

import qdrant_edge as edge

# A passage of about 1,000 characters has some 100 words that are no stop words.
_AVERAGE = 100.0
_K, _B = 1.2, 0.75  # the engine's own, as it has them unless told otherwise
_COUNTING_K = 1e9
"""With it, and without regard to length, a weight is the number of times."""

_PIECE_CHARS = 100
_PIECES = 30_000
"""About 8 MB, and more words than the files of a day in one language have."""

# Latin letters with their accents and punctuation: there no word spans white space, and nothing else separates words.
# Beyond them the engine looks at more than a piece to tell where a word ends. U+00AD is no character of its own.
_FOREIGN = re.compile("[^ -~\n\t\u00a1-\u00ac\u00ae-\u024f\u2010-\u2027\u2030-\u205e€]")
# No part of a word in letters of scripts that set words apart: `x17` is one already. Of 1,200 and 2026-11-25 each part.
_NUMBER = re.compile("(?<![0-9A-Za-z\u00c0-\u1fff])[0-9]+(?![0-9A-Za-z\u00c0-\u1fff])")


class Keywords:
    """The engine weighs words by rarity (IDF) among the owner's passages.

    English stems and stop words, accents folded, Chinese and Japanese cut into words.
    """

    def __init__(self) -> None:
        self._words = _Pieces(edge.TokenizerType.Multilingual)
        self._numbers = _Pieces(edge.TokenizerType.Word)

    def of_passage(self, text: str) -> edge.SparseVector:
        times = self._times(text)
        # https://en.wikipedia.org/wiki/Okapi_BM25, less the rarity
        saturation = _K * (1 - _B + _B * times.total() / _AVERAGE)
        return edge.SparseVector(list(times), [n * (_K + 1) / (n + saturation) for n in times.values()])

    def of_query(self, text: str) -> edge.SparseVector | None:
        """``None`` when nothing but stop words is asked for."""
        times = self._times(text)
        return edge.SparseVector(list(times), [1.0] * len(times)) if times else None

    def _times(self, text: str) -> Counter[int]:
        pieces = [text] if _FOREIGN.search(text) else text.split()
        words = [self._words[piece] for piece in pieces]
        numbers = [self._numbers[number] for number in _NUMBER.findall(text)]
        return Counter(chain.from_iterable(words + numbers))


class _Pieces(dict[str, tuple[int, ...]]):
    """The words in a piece of text, each as often as it is there, by the engine's numbers.

    Empty for stop words; several for ``and/or``. Forgotten when there are too many.
    """

    def __init__(self, tokenizer: edge.TokenizerType) -> None:
        super().__init__()
        self._model = edge.Bm25(
            edge.Bm25Config(tokenizer=tokenizer, ascii_folding=True, avg_len=_AVERAGE, k=_COUNTING_K, b=0.0)
        )

    def __missing__(self, piece: str) -> tuple[int, ...]:
        found = self._model.embed_document(piece)
        words = tuple(chain.from_iterable([i] * round(n) for i, n in zip(found.indices, found.values, strict=True)))
        if len(piece) <= _PIECE_CHARS:
            if len(self) >= _PIECES:
                self.clear()
            self[piece] = words
        return words
