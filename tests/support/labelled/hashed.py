"""A stand-in for an embedding model: hashed words and the letters in them, so that forms of a word and parts of German
compounds meet. It knows no meaning; a real model does better. Deterministic, without weights."""

import math
import re
import unicodedata
import zlib

DIMENSION = 384
_WORD = re.compile(r"\w+")


def embed(text: str) -> list[float]:
    vector = [0.0] * DIMENSION
    for word in _WORD.findall(unicodedata.normalize("NFKD", text).casefold()):
        padded = f"<{word}>"
        for size in (3, 4, 5):
            for start in range(len(padded) - size + 1):
                _add(vector, padded[start : start + size], 1.0)
        _add(vector, padded, 2.0)
    length = math.sqrt(sum(value * value for value in vector)) or 1.0
    return [value / length for value in vector]


def _add(vector: list[float], feature: str, weight: float) -> None:
    hashed = zlib.crc32(feature.encode("utf-8", "surrogatepass"))
    vector[hashed % DIMENSION] += weight if hashed >> 31 else -weight
