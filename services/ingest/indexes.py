"""The index that is searched and the one that will take its place, as one."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import structlog

from services.ingest.embedders import TRIES, Embedders
from tokenline.contracts.attachments import Attachment, Passage
from tokenline.contracts.errors import Misconfigured, SearchUnavailable
from tokenline.contracts.ids import AttachmentId, UserId
from tokenline.contracts.vectors import Index, IndexState, Layout
from tokenline.core.ports.store import IndexStore
from tokenline.core.ports.vectors import Chunk, Listed, VectorEngine
from tokenline.core.reindexing import begun, dropped, first, switched

log = structlog.get_logger()

Stage = Callable[[str], AbstractContextManager[None]]
"""What is timed: ``embed``, ``index``."""


def _untimed(_: str) -> AbstractContextManager[None]:
    return nullcontext()


@dataclass(frozen=True)
class Written:
    no: int
    """Of the index up to which passages are written."""
    by_words: int
    """How many of them its model refused."""


class Indexes:
    """Searches go to the current index; what is written or deleted concerns both. Open it before use."""

    def __init__(self, store: IndexStore, engine: VectorEngine, embedders: Embedders) -> None:
        self._store = store
        self._engine = engine
        self.embedders = embedders
        self._state: IndexState | None = None

    @property
    def state(self) -> IndexState:
        """As of the last `refresh`."""
        if self._state is None:
            raise SearchUnavailable
        return self._state

    async def open(self) -> None:
        """Decide which index is to be searched and which to be filled, by what is set and what is there."""
        there = await self._engine.collections()
        while True:
            before = await self._store.index_state()
            wanted = self.embedders.wanted
            after = first(wanted, there) if before is None else begun(before, wanted, there)
            if after is before:
                break
            if await self._store.replace_index_state(after):
                log.info("index.chosen", searched=after.current.layout.told, wanted=after.wanted.layout.told)
                if before is not None or after.current.layout == wanted:
                    break
        await self.refresh()
        # Also one that is to be filled again: what was deleted meanwhile may be left in it.
        await self._drop(self.state.dropping)
        for index in self._each(self.state):
            await self._engine.index(index.layout)

    async def close(self) -> None:
        await self._engine.close()
        await self.embedders.close()

    async def refresh(self) -> IndexState:
        """Another process may have switched."""
        state = await self._store.index_state()
        if state is None:
            raise SearchUnavailable
        self._state = state
        return state

    async def upsert(self, owner_id: UserId, chunks: Sequence[Chunk], stage: Stage = _untimed) -> Written:
        """Write passages into both, as of the last `refresh`.

        What cannot be written into the one that is being filled is left to the rebuild: files go on being found.
        """
        state = self.state
        written = await self._write(state.current, owner_id, chunks, stage)
        return written if state.filling is None else await self._also(state, written, owner_id, chunks, stage)

    async def copy(self, source: Attachment, target: Attachment) -> int | None:
        """Write the passages of a file as those of another of its owner, into both as of the last `refresh`.

        As `upsert`; ``None``: the index that is searched has not all of them, and what was written is to be deleted.
        """
        state = self.state
        if not await self._copied(state.current, source, target):
            return None
        try:
            whole = state.filling is not None and await self._copied(state.filling, source, target)
        except (SearchUnavailable, Misconfigured):
            whole = False
        return state.wanted.no if whole else state.current.no

    async def fill(self, owner_id: UserId, chunks: Sequence[Chunk]) -> Written:
        """Write passages into the one that shall have them all."""
        return await self._write(self.state.wanted, owner_id, chunks, _untimed)

    async def settle(self) -> None:
        """Return when all that was written outlives a power cut."""
        for index in self._each(self.state):
            await (await self._engine.index(index.layout)).settle()

    async def search(
        self, owner_id: UserId, attachment_ids: Sequence[AttachmentId], query: str, top_k: int
    ) -> list[Passage]:
        """By the model of the index that is searched, as long as it can be asked; else by keywords."""

        async def ask(index: Index) -> list[Passage]:
            vectors = await self._engine.index(index.layout)
            dense = await self.embedders.of_query(index.layout, query)
            return await vectors.search(owner_id, attachment_ids, query, dense, top_k)

        return await self._ask(ask)

    async def opening(self, owner_id: UserId, attachment_ids: Sequence[AttachmentId], top_k: int) -> list[Passage]:
        async def ask(index: Index) -> list[Passage]:
            return await (await self._engine.index(index.layout)).opening(owner_id, attachment_ids, top_k)

        return await self._ask(ask)

    async def delete(self, owner_id: UserId, attachment_ids: Sequence[AttachmentId]) -> None:
        for index in self._each(self.state):
            await (await self._engine.index(index.layout)).delete(owner_id, attachment_ids)

    async def listed(self, layout: Layout, cursor: str | None, limit: int) -> Listed:
        """Points of one that is searched or filled as of the last `refresh`; of another one none are."""
        if layout not in [index.layout for index in self._each(self.state)]:
            return Listed(files=frozenset(), points=0, next=None)
        return await (await self._engine.index(layout)).listed(cursor, limit)

    async def switch(self) -> None:
        """Search the one that was being filled. Only when it is whole; another process may have done it."""
        state = self.state
        if await self._store.replace_index_state(switched(state)):
            log.info("index.switched", searched=state.wanted.layout.told, former=state.current.layout.told)
        await self.refresh()

    async def drop_former(self) -> None:
        used = {index.layout for index in self._each(self.state)}
        await self._drop([layout for layout in self.state.dropping if layout not in used])

    async def _drop(self, layouts: Sequence[Layout]) -> None:
        for layout in layouts:
            await self._engine.drop(layout)
            await self._store.replace_index_state(dropped(self.state, layout))
            log.info("index.dropped", collection=layout.collection)
            await self.refresh()

    async def _ask(self, ask: Callable[[Index], Awaitable[list[Passage]]]) -> list[Passage]:
        state = self.state
        try:
            return await ask(state.current)
        except SearchUnavailable:
            # The index may have been dropped by another process since it was looked at.
            if (await self.refresh()).current == state.current:
                raise
        return await ask(self.state.current)

    async def _also(
        self, state: IndexState, written: Written, owner_id: UserId, chunks: Sequence[Chunk], stage: Stage
    ) -> Written:
        try:
            return await self._write(state.wanted, owner_id, chunks, stage, tries=1)
        except (SearchUnavailable, Misconfigured) as error:
            log.warning("index.filled_later", layout=state.wanted.layout.told, reason=error.message)
            return written

    async def _write(
        self, index: Index, owner_id: UserId, chunks: Sequence[Chunk], stage: Stage, tries: int = TRIES
    ) -> Written:
        # First, so that one that is dropped while its vectors are waited for is not made again.
        vectors = await self._engine.index(index.layout)
        with stage("embed") if index.layout.model is not None else nullcontext():
            dense = await self.embedders.of_passages(index.layout, [chunk.content for chunk in chunks], tries)
        with stage("index"):
            await vectors.upsert(owner_id, chunks, dense)
        return Written(index.no, 0 if dense is None else dense.count(None))

    async def _copied(self, index: Index, source: Attachment, target: Attachment) -> bool:
        vectors = await self._engine.index(index.layout)
        return await vectors.copy(source.owner_id, source.id, target.id, target.name) == source.chunks

    @staticmethod
    def _each(state: IndexState) -> list[Index]:
        return [state.current] if state.filling is None else [state.current, state.filling]
