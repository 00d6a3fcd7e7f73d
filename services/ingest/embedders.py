"""Vectors by the model of whichever index they are for, as long as that model can be asked."""

import asyncio
from collections.abc import Callable, Sequence

import structlog

from tokenline.contracts.errors import Misconfigured, SearchUnavailable, TokenlineError
from tokenline.contracts.metrics import EMBEDDING_REFUSED, PASSAGES_BY_WORDS, SEARCHES_BY_WORDS
from tokenline.contracts.vectors import Layout
from tokenline.core.clock import Clock
from tokenline.core.ports.embedder import Embedder
from tokenline.core.retry import asked_s
from tokenline.runtime.metrics import Metrics

TRIES = 5
"""Of each request for passages: an endpoint that is away for half a minute costs no file its place."""
QUERY_S = 3.0
"""Who searches waits 5 s; words serve it then."""
FORMER_QUERY_S = 2.0
"""A former model that is loaded for a question would hold up the search; words serve it meanwhile."""
ASK_AGAIN_S = 5.0
"""The configured model, where it could not be asked, is not asked by searches for so long."""
ASK_FORMER_AGAIN_S = 60.0
LOOK_S = 15.0

_PROBE = "Which of the models is this?"

log = structlog.get_logger()

Vectors = list[list[float] | None]


class Embedders:
    """``make`` gives an embedder for a model's name at the configured endpoint; ``None``: there is no endpoint."""

    def __init__(self, make: Callable[[str], Embedder] | None, wanted: Layout, clock: Clock, metrics: Metrics) -> None:
        self.wanted = wanted
        self.trouble: TokenlineError | None = None
        """What the configured model ended in when it was last asked."""
        self._asked = False
        self._make = make
        self._clock = clock
        self._metrics = metrics
        self._made: dict[str, Embedder] = {}
        self._told_apart: set[str] = set()
        self._silent_until: dict[str, float] = {}

    async def of_passages(self, layout: Layout, texts: Sequence[str], tries: int = TRIES) -> Vectors | None:
        """``None``: by keywords alone, all of them or one that the model refuses.

        Raises `SearchUnavailable`, `Misconfigured` for the configured model only.
        """
        if layout.model is None or not texts:
            return None
        if not layout.embeds_like(self.wanted):
            return await self._by_former(layout, texts, None)
        vectors = await self._by_wanted(layout.model, texts, tries)
        lost = vectors.count(None)
        if lost:
            self._metrics.add(PASSAGES_BY_WORDS, by=lost)
        return vectors

    async def of_query(self, layout: Layout, query: str) -> list[float] | None:
        """``None``: the search is one by keywords, as where the model cannot be asked. Raises nothing."""
        if layout.model is None or not query.strip():
            return None
        if layout.embeds_like(self.wanted):
            vectors = await self._query(layout.model, query)
        else:
            vectors = await self._by_former(layout, [query], FORMER_QUERY_S)
        if vectors is None:
            self._metrics.add(SEARCHES_BY_WORDS)
            return None
        return vectors[0]

    async def look(self) -> None:
        """Ask the configured model once, and again while it is in trouble: what an operator must see to is known
        before a file needs it, and that it is mended as well."""
        if self.wanted.model is None or (self._asked and self.trouble is None):
            return
        try:
            await self._by_wanted(self.wanted.model, [_PROBE], 1)
        except (SearchUnavailable, Misconfigured):
            return

    async def check(self) -> None:
        """Raises `Misconfigured` when no file can be indexed until an operator acts."""
        if isinstance(self.trouble, Misconfigured):
            raise self.trouble

    @property
    def told(self) -> str | None:
        """What keeps the configured model from being asked at the moment; ``None``: nothing."""
        return None if self.trouble is None else self.trouble.message

    async def close(self) -> None:
        while self._made:
            await self._made.popitem()[1].close()

    async def _by_wanted(self, model: str, texts: Sequence[str], tries: int) -> Vectors:
        try:
            vectors = await self._embedder(model).embed(texts, tries=tries)
            self.wanted.check(vectors)
        except (SearchUnavailable, Misconfigured) as error:
            self._note(error)
            raise
        self._note(None)
        return vectors

    async def _query(self, model: str, query: str) -> Vectors | None:
        if not self._may_ask(model):
            return None
        try:
            async with asyncio.timeout(QUERY_S):
                return await self._by_wanted(model, [query], 1)
        except (SearchUnavailable, Misconfigured) as error:
            self._silence(model, max(ASK_AGAIN_S, asked_s(error)))
        except TimeoutError:
            self._note(SearchUnavailable(f"The embedding endpoint did not answer within {QUERY_S:g} s."))
            self._silence(model, ASK_AGAIN_S)
        return None

    async def _by_former(self, layout: Layout, texts: Sequence[str], limit_s: float | None) -> Vectors | None:
        # A name says one model: of two lengths under it only the configured one answers.
        if layout.model is None or self._make is None or layout.model == self.wanted.model:
            return None
        if not self._may_ask(layout.model):
            return None
        try:
            async with asyncio.timeout(limit_s):
                await self._tell_apart(layout.model)
                vectors = await self._embedder(layout.model).embed(texts)
            layout.check(vectors)
        except (SearchUnavailable, Misconfigured, TimeoutError) as error:
            reason = error.message if not isinstance(error, TimeoutError) else "It did not answer in time."
            log.warning("embedding.former_model_silent", model=layout.model, reason=reason, again_s=ASK_FORMER_AGAIN_S)
            self._silence(layout.model, ASK_FORMER_AGAIN_S)
            return None
        return vectors

    def _may_ask(self, model: str) -> bool:
        return self._clock.monotonic() >= self._silent_until.get(model, 0.0)

    def _silence(self, model: str, seconds: float) -> None:
        self._silent_until[model] = self._clock.monotonic() + seconds

    def _note(self, trouble: TokenlineError | None) -> None:
        """Once per change."""
        if (trouble and trouble.message) != (self.trouble and self.trouble.message):
            if trouble is None:
                log.info("embedding.answers_again", model=self.wanted.model)
            else:
                say = log.error if isinstance(trouble, Misconfigured) else log.warning
                say("embedding.in_trouble", model=self.wanted.model, problem=trouble.message)
        self._asked = True
        self.trouble = trouble
        self._metrics.set(EMBEDDING_REFUSED, float(isinstance(trouble, Misconfigured)))

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
