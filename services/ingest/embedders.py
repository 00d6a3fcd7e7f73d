"""Vectors by the model of whichever index they are for, as long as that model can be asked."""

import asyncio
from collections.abc import Callable, Sequence

import structlog

from tokenline.contracts.errors import Misconfigured, SearchUnavailable
from tokenline.contracts.vectors import Layout
from tokenline.core.clock import Clock
from tokenline.core.ports.embedder import Embedder

FORMER_QUERY_S = 2.0
"""A former model that is loaded for a question would hold up the search; words serve it meanwhile."""
ASK_AGAIN_S = 60.0
"""A former model that could not be asked is not asked for so long."""

_PROBE = "Which of the models is this?"

log = structlog.get_logger()

Vectors = list[list[float]]


class Embedders:
    """``make`` gives an embedder for a model's name at the configured endpoint; ``None``: there is no endpoint."""

    def __init__(self, make: Callable[[str], Embedder] | None, wanted: Layout, clock: Clock) -> None:
        self.wanted = wanted
        self._make = make
        self._clock = clock
        self._made: dict[str, Embedder] = {}
        self._told_apart: set[str] = set()
        self._silent_until: dict[str, float] = {}

    async def of_passages(self, layout: Layout, texts: Sequence[str]) -> Vectors | None:
        """``None``: by keywords alone. Raises `SearchUnavailable`, `Misconfigured` for the configured model only."""
        return await self._vectors(layout, texts, None)

    async def of_query(self, layout: Layout, query: str) -> list[float] | None:
        vectors = await self._vectors(layout, [query], FORMER_QUERY_S)
        return None if vectors is None else vectors[0]

    async def close(self) -> None:
        while self._made:
            await self._made.popitem()[1].close()

    async def _vectors(self, layout: Layout, texts: Sequence[str], limit_s: float | None) -> Vectors | None:
        if layout.model is None:
            return None
        if layout.embeds_like(self.wanted):
            return await self._embedder(layout.model).embed(texts)
        if not self._asks(layout):
            return None
        try:
            async with asyncio.timeout(limit_s):
                await self._tell_apart(layout.model)
                vectors = await self._embedder(layout.model).embed(texts)
            layout.check(vectors)
        except (SearchUnavailable, Misconfigured, TimeoutError) as error:
            reason = error.message if not isinstance(error, TimeoutError) else "It did not answer in time."
            log.warning("embedding.former_model_silent", model=layout.model, reason=reason, again_s=ASK_AGAIN_S)
            self._silent_until[layout.model] = self._clock.monotonic() + ASK_AGAIN_S
            return None
        return vectors

    def _asks(self, layout: Layout) -> bool:
        if layout.embeds_like(self.wanted):
            return True
        # A name says one model: of two lengths under it only the configured one answers.
        if layout.model is None or self._make is None or layout.model == self.wanted.model:
            return False
        return self._clock.monotonic() >= self._silent_until.get(layout.model, 0.0)

    async def _tell_apart(self, former: str) -> None:
        """Endpoints with one model loaded may answer with it whatever the name: those vectors would find anything.

        Raises `Misconfigured`.
        """
        if former in self._told_apart or self.wanted.model is None:
            return
        one, other = [await self._embedder(model).embed([_PROBE]) for model in (former, self.wanted.model)]
        if one == other:
            raise Misconfigured("The endpoint answers with one model, whichever is named.")
        self._told_apart.add(former)

    def _embedder(self, model: str) -> Embedder:
        if self._make is None:
            raise Misconfigured("There is no embedding endpoint.")
        if model not in self._made:
            self._made[model] = self._make(model)
        return self._made[model]
