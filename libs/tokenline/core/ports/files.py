"""Uploaded files by key, streamed both ways."""

from collections.abc import AsyncIterator
from typing import Protocol


class Files(Protocol):
    async def put(self, key: str, chunks: AsyncIterator[bytes]) -> int:
        """Store under ``key``; bytes written. Nothing is visible under the key until all of it is stored."""
        ...

    def get(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from ``start`` up to ``end``, which is not in it (``None``: to the end).

        Raises `NotFound` at the first step when there is nothing.
        """
        ...

    def keys(self, under: str) -> AsyncIterator[str]:
        """Of all that is stored under ``under/``, in any order. What comes or goes meanwhile may be missing."""
        ...

    async def page(self, under: str, after: str | None, limit: int) -> list[str]:
        """The first ``limit`` keys under ``under/``, in alphabetical order; only those that come after ``after``.

        What is there all the while is in one of the pages; fewer than ``limit`` are the last.
        """
        ...

    async def tidy(self) -> None:
        """Remove what writers left that were killed more than a day ago. No key ever led to it."""
        ...

    async def delete(self, key: str) -> None:
        """Deleting what is not there is fine."""
        ...
