"""Dense vectors of texts."""

from collections.abc import Sequence
from typing import Protocol


class Embedder(Protocol):
    async def embed(self, texts: Sequence[str], *, tries: int = 1) -> list[list[float] | None]:
        """One float vector per text, in order; ``None`` for a text that the model takes neither whole nor shortened.

        ``tries``: so often each request is made while the endpoint is away or overloaded; the pauses between are those
        that it asks for, or grow. Raises `SearchUnavailable` (``retry_after_s`` in detail where it was named), and
        `Misconfigured` where any text would be refused: a wrong key, an unknown model.
        """
        ...

    async def close(self) -> None: ...
