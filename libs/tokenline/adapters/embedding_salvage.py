"""Vectors of as many texts as a model takes, where it refuses some of those it is given."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

import structlog

from tokenline.contracts.errors import Misconfigured

Vector: TypeAlias = list[float]
Ask: TypeAlias = Callable[[Sequence[str]], Awaitable[list[Vector]]]
"""One request. Raises `TextsRefused`, and whatever is no fault of the texts."""

SHORTEST_CHARS = 100
"""A passage has up to 1,000: one of which a model does not take a tenth is not too long for it."""

_HARMLESS = "Is anybody there?"

log = structlog.get_logger()


class TextsRefused(Exception):
    """These texts are taken neither now nor later: one is too long or offends, or there are too many in one request."""


class Salvage:
    """Halves what is refused until the texts at fault are alone, and shortens those.

    Endpoints say in words only, each in its own, why they refuse a request; so it is tried out.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        """Texts per request, as far as is known: fewer once only their number was refused."""

    async def embed(self, ask: Ask, texts: Sequence[str]) -> list[Vector | None]:
        """One vector per text, ``None`` for one that is not taken however short.

        Raises `Misconfigured` where a harmless text is refused as well, and what ``ask`` raises.
        """
        try:
            return list(await ask(texts))
        except TextsRefused as refusal:
            await _taken_at_all(ask, refusal)
        vectors = await self._halved(ask, texts)
        lost = vectors.count(None)
        if lost:
            log.warning("embedding.texts_refused", texts=lost, of=len(texts))
        return vectors

    async def _halved(self, ask: Ask, texts: Sequence[str]) -> list[Vector | None]:
        if len(texts) == 1:
            return [await _shortened(ask, texts[0])]
        half = (len(texts) + 1) // 2
        vectors: list[Vector | None] = []
        whole = True
        for part in (texts[:half], texts[half:]):
            try:
                vectors += await ask(part)
            except TextsRefused:
                whole = False
                vectors += await self._halved(ask, part)
        if whole:
            self.most = min(self.most, half)
        return vectors


async def _taken_at_all(ask: Ask, refusal: TextsRefused) -> None:
    try:
        await ask([_HARMLESS])
    except TextsRefused:
        raise Misconfigured(f"The embedding endpoint refuses whatever it is asked: {refusal}") from refusal


async def _shortened(ask: Ask, text: str) -> Vector | None:
    """Of its beginning: the words of all of it are found by the keyword vector."""
    chars = len(text) // 2
    while chars >= SHORTEST_CHARS:
        try:
            return (await ask([text[:chars]]))[0]
        except TextsRefused:
            chars //= 2
    return None
