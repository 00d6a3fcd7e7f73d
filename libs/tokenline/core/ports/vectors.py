"""The index of passages: keyword and dense vectors, searched within given attachments of one owner.

Which attachments a conversation has is the store's knowledge, so binding a file to a conversation moves no vectors.
"""

from collections.abc import Sequence
from typing import Protocol

from tokenline.contracts.attachments import Passage
from tokenline.contracts.base import Shape
from tokenline.contracts.ids import AttachmentId, UserId
from tokenline.contracts.vectors import Layout


class Chunk(Shape):
    """A piece of an attachment's text. ``start`` and ``end`` are offsets in code points, ``page`` counts from 1."""

    attachment_id: AttachmentId
    name: str
    page: int | None
    start: int
    end: int
    content: str
    section: str | None = None
    """The headings it stands under."""


class Listed(Shape):
    """Whose files some of a collection's points are of, each file once."""

    files: frozenset[tuple[UserId, AttachmentId]]
    points: int
    next: str | None
    """Where the others begin; ``None`` when there are none."""


class VectorIndex(Protocol):
    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def upsert(
        self,
        owner_id: UserId,
        chunks: Sequence[Chunk],
        dense: Sequence[Sequence[float] | None] | None,
    ) -> None:
        """Write passages. Point ids derive from attachment and offsets, so writing twice changes nothing.

        ``dense`` holds one float32 vector per chunk, or is ``None`` where they cannot be had, or has ``None`` for a
        chunk without one: then words alone find it. Raises `Misconfigured` for vectors of another length than the
        collection's, `SearchUnavailable`. What was written is found at once, and is there after a crash of this
        process; see `settle`.
        """
        ...

    async def settle(self) -> None:
        """Return when all that was written outlives a power cut. Slow: once for a file, not for each of its parts."""
        ...

    async def search(
        self,
        owner_id: UserId,
        attachment_ids: Sequence[AttachmentId],
        query: str,
        dense: Sequence[float] | None,
        top_k: int,
    ) -> list[Passage]:
        """Best first, only passages of this owner's given attachments, filtered before ranking."""
        ...

    async def opening(self, owner_id: UserId, attachment_ids: Sequence[AttachmentId], top_k: int) -> list[Passage]:
        """The first passages of this owner's given attachments, with similarity 0.0, for when nothing is similar.

        In the given order and each in the order of its text. Every attachment gets its first passage before any gets
        its second; those beyond the first ``top_k`` get none.
        """
        ...

    async def delete(self, owner_id: UserId, attachment_ids: Sequence[AttachmentId]) -> None: ...

    async def copy(self, owner_id: UserId, source: AttachmentId, target: AttachmentId, name: str) -> int:
        """Write the passages of ``source`` also as those of ``target``, which is called ``name``, vectors and all.

        How many they are; only this owner's, so 0 for somebody else's file. They are the points that `upsert` would
        write, so copying twice changes nothing. Passages that come or go meanwhile may be missing. Raises
        `SearchUnavailable`.
        """
        ...

    async def listed(self, cursor: str | None, limit: int) -> Listed:
        """``limit`` points in the order of their ids, from the beginning or from a former ``next``.

        A point that is there all the while is in one of the pages. Raises `SearchUnavailable`.
        """
        ...


class VectorEngine(Protocol):
    """Collections of passages, one for each layout."""

    async def collections(self) -> set[str]:
        """Names of those that are whole as far as the engine is concerned. Raises `SearchUnavailable`."""
        ...

    async def index(self, layout: Layout) -> VectorIndex:
        """Opened, and made where it is missing; the same one each time.

        Raises `SearchUnavailable`, or `Misconfigured` when another process has it or it cannot be read.
        """
        ...

    async def drop(self, layout: Layout) -> None:
        """Delete the collection; dropping what is not there is fine."""
        ...

    async def close(self) -> None: ...
