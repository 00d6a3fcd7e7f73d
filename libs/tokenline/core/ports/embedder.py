"""Dense vectors of texts."""

from collections.abc import Sequence
from typing import Protocol


class Embedder(Protocol):
    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One float vector per text, in order. Raises `SearchUnavailable`, or `Misconfigured` when refused."""
        ...

    async def close(self) -> None: ...
