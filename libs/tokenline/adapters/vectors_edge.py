"""The vector index inside this process: Qdrant Edge, for one ingest service per folder."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import rmtree
from typing import TypeVar
from uuid import UUID

import qdrant_edge as edge

from tokenline.adapters.vectors_keywords import Keywords
from tokenline.adapters.vectors_shared import (
    ATTACHMENT,
    DENSE,
    HNSW_EF_CONSTRUCT,
    HNSW_M,
    KEYWORD,
    OWNER,
    START,
    UPSERT_BATCH,
    Hit,
    candidates,
    copied,
    fuse,
    listed,
    opened,
    payload_of,
    point_id,
    spread,
)
from tokenline.contracts.attachments import Passage
from tokenline.contracts.errors import Misconfigured, SearchUnavailable
from tokenline.contracts.ids import AttachmentId, UserId
from tokenline.contracts.vectors import Layout
from tokenline.core.ports.vectors import Chunk, Listed

T = TypeVar("T")
Place = int | UUID | str
"""Id of a point where a listing goes on."""


class EdgeVectors:
    """Everything runs in one thread of its own, in the order of the calls; a large upsert lets searches between.

    The optimizer is never called: it holds the GIL for seconds, and a search within one owner's attachments scans only
    their points.
    """

    def __init__(self, folder: Path, layout: Layout) -> None:
        self._path = folder / layout.collection
        self._layout = layout
        self._keywords = Keywords()
        self._shard: edge.EdgeShard | None = None
        self._ended = False
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="vectors")

    async def open(self) -> None:
        """Raises `Misconfigured` when another process has the folder open or it cannot be read."""
        await self._run(self._open)

    async def close(self) -> None:
        """What is asked after it raises `SearchUnavailable`."""
        await self._run(self._close)
        self._ended = True
        self._thread.shutdown(wait=False)

    async def upsert(
        self,
        owner_id: UserId,
        chunks: Sequence[Chunk],
        dense: Sequence[Sequence[float] | None] | None,
    ) -> None:
        self._layout.check(dense or ())
        for begin in range(0, len(chunks), UPSERT_BATCH):
            batch = slice(begin, begin + UPSERT_BATCH)
            await self._run(self._upsert, owner_id, chunks[batch], None if dense is None else dense[batch])

    async def settle(self) -> None:
        # Fifty calls of `fsync` and `msync`, during which the engine holds the GIL: 20 to 170 ms. Until then its own
        # log, which is replayed when the folder is opened, keeps what a killed process wrote.
        await self._run(self._flush)

    async def search(
        self,
        owner_id: UserId,
        attachment_ids: Sequence[AttachmentId],
        query: str,
        dense: Sequence[float] | None,
        top_k: int,
    ) -> list[Passage]:
        if not attachment_ids:
            return []
        rankings = await self._run(self._search, owner_id, attachment_ids, query, dense, candidates(top_k))
        return fuse(owner_id, rankings, top_k)

    async def opening(self, owner_id: UserId, attachment_ids: Sequence[AttachmentId], top_k: int) -> list[Passage]:
        files = opened(attachment_ids, top_k)
        if not files:
            return []
        found = await self._run(self._opening, owner_id, files, top_k)
        return spread(owner_id, [[hit.payload for hit in hits] for hits in found], top_k)

    async def delete(self, owner_id: UserId, attachment_ids: Sequence[AttachmentId]) -> None:
        if attachment_ids:
            await self._run(self._delete, owner_id, attachment_ids)

    async def copy(self, owner_id: UserId, source: AttachmentId, target: AttachmentId, name: str) -> int:
        count, following = 0, None
        while True:
            size, following = await self._run(self._copy, owner_id, source, target, name, following)
            count += size
            if following is None:
                return count

    async def listed(self, cursor: str | None, limit: int) -> Listed:
        return await self._run(self._listed, cursor, limit)

    async def _run(self, work: Callable[..., T], *args: object) -> T:
        if self._ended:
            raise SearchUnavailable
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *args)

    def _open(self) -> None:
        config = _config(self._layout)
        if not self._path.exists():
            _create(self._path, config)
        try:
            self._shard = edge.EdgeShard.load(str(self._path), config)
            _index_payload(self._shard)
        except Exception as error:  # the engine raises no narrower class
            raise _unusable(self._path, error) from error

    def _close(self) -> None:
        if self._shard is not None:
            self._shard.close()
            self._shard = None

    @property
    def _open_shard(self) -> edge.EdgeShard:
        if self._shard is None:
            raise SearchUnavailable
        return self._shard

    def _upsert(
        self, owner_id: UserId, chunks: Sequence[Chunk], dense: Sequence[Sequence[float] | None] | None
    ) -> None:
        points = []
        for number, chunk in enumerate(chunks):
            vector: dict[str, edge.NamedVector] = {KEYWORD: self._keywords.of_passage(chunk.content)}
            if dense is not None and (own := dense[number]) is not None:
                vector[DENSE] = list(own)
            points.append(edge.Point(point_id(chunk), vector, payload_of(owner_id, chunk)))
        self._open_shard.update(edge.UpdateOperation.upsert_points(points))

    def _copy(
        self, owner_id: UserId, source: AttachmentId, target: AttachmentId, name: str, after: Place | None
    ) -> tuple[int, Place | None]:
        """A batch of them: how many, and where the next begins."""
        page = edge.ScrollRequest(
            offset=after,
            limit=UPSERT_BATCH,
            filter=_within(owner_id, [source]),
            with_payload=True,
            with_vector=True,
        )
        found, following = self._open_shard.scroll(page)
        points = []
        for record in found:
            point, payload = copied(record.payload or {}, target, name)
            points.append(edge.Point(point, record.vector or {}, payload))
        if points:
            self._open_shard.update(edge.UpdateOperation.upsert_points(points))
        return len(points), following

    def _flush(self) -> None:
        self._open_shard.flush()

    def _search(
        self,
        owner_id: UserId,
        attachment_ids: Sequence[AttachmentId],
        query: str,
        dense: Sequence[float] | None,
        depth: int,
    ) -> list[list[Hit]]:
        within = _within(owner_id, attachment_ids)
        requests = []
        keywords = self._keywords.of_query(query)
        if keywords is not None:
            # Rarity is counted among the owner's passages: others' files must not be felt in the ranking.
            rarity = edge.SearchParams(idf=edge.IdfParams(corpus=edge.Filter(must=[_is(OWNER, owner_id)])))
            requests.append(_request(edge.Query.Nearest(keywords, using=KEYWORD), within, depth, rarity))
        if dense is not None:
            requests.append(_request(edge.Query.Nearest(list(dense), using=DENSE), within, depth, None))
        return self._query(requests) if requests else []

    def _opening(self, owner_id: UserId, attachment_ids: Sequence[AttachmentId], depth: int) -> list[list[Hit]]:
        first = edge.OrderBy(START)
        return self._query([_request(first, _within(owner_id, [file]), depth, None) for file in attachment_ids])

    def _query(self, requests: list[edge.QueryRequest]) -> list[list[Hit]]:
        found = self._open_shard.query_batch(edge.QueryBatchRequest(requests))
        return [[Hit(point.payload or {}, point.score) for point in ranking] for ranking in found]

    def _delete(self, owner_id: UserId, attachment_ids: Sequence[AttachmentId]) -> None:
        within = _within(owner_id, attachment_ids)
        self._open_shard.update(edge.UpdateOperation.delete_points_by_filter(within))
        self._open_shard.flush()

    def _listed(self, cursor: str | None, limit: int) -> Listed:
        offset = None if cursor is None else UUID(cursor)
        asked = edge.ScrollRequest(offset=offset, limit=limit, with_payload=[OWNER, ATTACHMENT], with_vector=False)
        points, following = self._open_shard.scroll(asked)
        return listed([point.payload for point in points], following)


def _config(layout: Layout) -> edge.EdgeConfig:
    vectors = None
    if layout.dimension is not None:
        vectors = {DENSE: edge.EdgeVectorParams(size=layout.dimension, distance=edge.Distance.Cosine)}
    return edge.EdgeConfig(
        vectors=vectors,
        sparse_vectors={KEYWORD: edge.EdgeSparseVectorParams(modifier=edge.Modifier.Idf)},
        hnsw_config=edge.HnswIndexConfig(m=HNSW_M, ef_construct=HNSW_EF_CONSTRUCT, full_scan_threshold=10_000),
    )


def _create(path: Path, config: edge.EdgeConfig) -> None:
    """A half-made index never stands under its name."""
    draft = path.with_name(path.name + ".new")
    rmtree(draft, ignore_errors=True)
    draft.parent.mkdir(parents=True, exist_ok=True)
    shard = edge.EdgeShard.create(str(draft), config)
    shard.close()
    draft.rename(path)


def _index_payload(shard: edge.EdgeShard) -> None:
    """At every opening: one that is there already costs nothing, and an older folder gets what it lacks."""
    indexes: dict[str, edge.PayloadSchemaParams] = {
        OWNER: edge.KeywordIndexParams(is_tenant=True),
        ATTACHMENT: edge.KeywordIndexParams(is_tenant=False),
        START: edge.IntegerIndexParams(lookup=False, range=True),
    }
    for field, index in indexes.items():
        shard.update(edge.UpdateOperation.create_field_index(field, index))


def _unusable(path: Path, error: Exception) -> Misconfigured:
    if "WouldBlock" in str(error):
        return Misconfigured(
            f"Another process has the vector index {path} open. "
            "Run one ingest service per data folder, or set QDRANT_URL to share a server.",
            path=str(path),
        )
    return Misconfigured(f"The vector index {path} cannot be opened: {error}", path=str(path))


def _is(field: str, value: str) -> edge.FieldCondition:
    return edge.FieldCondition(field, match=edge.MatchValue(value))


def _within(owner_id: UserId, attachment_ids: Sequence[AttachmentId]) -> edge.Filter:
    attachments = edge.FieldCondition(ATTACHMENT, match=edge.MatchAny(list(attachment_ids)))
    return edge.Filter(must=[_is(OWNER, owner_id), attachments])


def _request(
    query: edge.Query | edge.OrderBy, within: edge.Filter, depth: int, params: edge.SearchParams | None
) -> edge.QueryRequest:
    return edge.QueryRequest(limit=depth, query=query, filter=within, params=params, with_payload=True)
