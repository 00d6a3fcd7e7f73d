"""BM25 vectors of words, as the engine makes them, in a quarter of the time: what it made of a word is kept."""

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


class Keywords:
    """The engine weighs words by rarity (IDF) among the owner's passages.

    English stems and stop words, accents folded, Chinese and Japanese cut into words.
    """

    def __init__(self) -> None:
        self._model = _model(k=_K, b=_B)
        self._pieces = _Pieces()

    def of_passage(self, text: str) -> edge.SparseVector:
        if _FOREIGN.search(text):
            return self._model.embed_document(text)
        times = Counter(chain.from_iterable([self._pieces[piece] for piece in text.split()]))
        # https://en.wikipedia.org/wiki/Okapi_BM25, less the rarity
        saturation = _K * (1 - _B + _B * times.total() / _AVERAGE)
        return edge.SparseVector(list(times), [n * (_K + 1) / (n + saturation) for n in times.values()])

    def of_query(self, text: str) -> edge.SparseVector | None:
        """``None`` when nothing but stop words is asked for."""
        vector = self._model.embed_query(text)
        return vector if vector.indices else None


class _Pieces(dict[str, tuple[int, ...]]):
    """The words in what stands between white space, each as often as it is there, by the engine's numbers.

    Empty for stop words; several for ``and/or``. Forgotten when there are too many.
    """

    def __init__(self) -> None:
        super().__init__()
        self._model = _model(k=_COUNTING_K, b=0.0)

    def __missing__(self, piece: str) -> tuple[int, ...]:
        found = self._model.embed_document(piece)
        words = tuple(chain.from_iterable([i] * round(n) for i, n in zip(found.indices, found.values, strict=True)))
        if len(piece) <= _PIECE_CHARS:
            if len(self) >= _PIECES:
                self.clear()
            self[piece] = words
        return words


def _model(k: float, b: float) -> edge.Bm25:
    return edge.Bm25(
        edge.Bm25Config(tokenizer=edge.TokenizerType.Multilingual, ascii_folding=True, avg_len=_AVERAGE, k=k, b=b)
    )
