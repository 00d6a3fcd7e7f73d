"""The vector index on a Qdrant server or cluster, shared by any number of ingest services."""

import asyncio
from collections.abc import Awaitable, Sequence
from typing import TypeVar

from qdrant_client import AsyncQdrantClient, models
from qdrant_client.http.exceptions import ApiException, UnexpectedResponse

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
from tokenline.contracts.errors import SearchUnavailable
from tokenline.contracts.ids import AttachmentId, UserId
from tokenline.contracts.vectors import Layout
from tokenline.core.ports.vectors import Chunk, Listed

T = TypeVar("T")


class QdrantVectors:
    """One collection, of this name. ``client`` belongs to the engine."""

    def __init__(self, client: AsyncQdrantClient, layout: Layout, name: str) -> None:
        self._client = client
        self._layout = layout
        self._name = name
        self._keywords = Keywords()
        self._ended = False

    async def open(self) -> None:
        if not await reached(self._client.collection_exists(self._collection)):
            await reached(self._create())
        await reached(self._index_payload())

    async def close(self) -> None:
        """What is asked after it raises `SearchUnavailable`."""
        self._ended = True

    async def upsert(
        self,
        owner_id: UserId,
        chunks: Sequence[Chunk],
        dense: Sequence[Sequence[float] | None] | None,
    ) -> None:
        self._layout.check(dense or ())
        for begin in range(0, len(chunks), UPSERT_BATCH):
            batch = slice(begin, begin + UPSERT_BATCH)
            points = await asyncio.to_thread(
                self._points, owner_id, chunks[batch], None if dense is None else dense[batch]
            )
            await reached(self._client.upsert(self._collection, points, wait=True))

    async def settle(self) -> None:
        return  # the server's log is its own affair

    async def search(
        self,
        owner_id: UserId,
        attachment_ids: Sequence[AttachmentId],
        query: str,
        dense: Sequence[float] | None,
        top_k: int,
    ) -> list[Passage]:
        requests = self._requests(owner_id, attachment_ids, query, dense, candidates(top_k))
        if not attachment_ids or not requests:
            return []
        return fuse(owner_id, await self._query(requests), top_k)

    async def opening(self, owner_id: UserId, attachment_ids: Sequence[AttachmentId], top_k: int) -> list[Passage]:
        files = opened(attachment_ids, top_k)
        if not files:
            return []
        first = models.OrderByQuery(order_by=models.OrderBy(key=START))
        found = await self._query([_request(first, None, _within(owner_id, [file]), top_k, None) for file in files])
        return spread(owner_id, [[hit.payload for hit in hits] for hits in found], top_k)

    async def delete(self, owner_id: UserId, attachment_ids: Sequence[AttachmentId]) -> None:
        if attachment_ids:
            within = models.FilterSelector(filter=_within(owner_id, attachment_ids))
            await reached(self._client.delete(self._collection, within, wait=True))

    async def copy(self, owner_id: UserId, source: AttachmentId, target: AttachmentId, name: str) -> int:
        count, following = 0, None
        while True:
            found, following = await reached(
                self._client.scroll(
                    self._collection,
                    scroll_filter=_within(owner_id, [source]),
                    limit=UPSERT_BATCH,
                    offset=following,
                    with_payload=True,
                    with_vectors=True,
                )
            )
            points = []
            for record in found:
                point, payload = copied(record.payload or {}, target, name)
                points.append(models.PointStruct(id=str(point), vector=record.vector or {}, payload=payload))
            if points:
                await reached(self._client.upsert(self._collection, points, wait=True))
            count += len(points)
            if following is None:
                return count

    async def listed(self, cursor: str | None, limit: int) -> Listed:
        points, following = await reached(
            self._client.scroll(
                self._collection,
                offset=cursor,
                limit=limit,
                with_payload=[OWNER, ATTACHMENT],
                with_vectors=False,
            )
        )
        return listed([point.payload for point in points], following)

    @property
    def _collection(self) -> str:
        if self._ended:
            raise SearchUnavailable
        return self._name

    async def _query(self, requests: list[models.QueryRequest]) -> list[list[Hit]]:
        answers = await reached(self._client.query_batch_points(self._collection, requests))
        return [[Hit(point.payload or {}, point.score) for point in answer.points] for answer in answers]

    async def _create(self) -> None:
        dense = {}
        if self._layout.dimension is not None:
            size = self._layout.dimension
            dense = {DENSE: models.VectorParams(size=size, distance=models.Distance.COSINE)}
        try:
            await self._client.create_collection(
                self._collection,
                vectors_config=dense,
                sparse_vectors_config={KEYWORD: models.SparseVectorParams(modifier=models.Modifier.IDF)},
                hnsw_config=models.HnswConfigDiff(m=HNSW_M, ef_construct=HNSW_EF_CONSTRUCT),
            )
        except UnexpectedResponse as error:
            if error.status_code != 409:  # another ingest service was first
                raise

    async def _index_payload(self) -> None:
        """At every opening: one that is there already costs nothing, and an older collection gets what it lacks."""
        keyword, integer = models.KeywordIndexType.KEYWORD, models.IntegerIndexType.INTEGER
        indexes: dict[str, models.PayloadSchemaParams] = {
            OWNER: models.KeywordIndexParams(type=keyword, is_tenant=True),
            ATTACHMENT: models.KeywordIndexParams(type=keyword, is_tenant=False),
            START: models.IntegerIndexParams(type=integer, lookup=False, range=True),
        }
        for field, index in indexes.items():
            await self._client.create_payload_index(self._collection, field, index, wait=True)

    def _points(
        self, owner_id: UserId, chunks: Sequence[Chunk], dense: Sequence[Sequence[float] | None] | None
    ) -> list[models.PointStruct]:
        points = []
        for number, chunk in enumerate(chunks):
            words = self._keywords.of_passage(chunk.content)
            vector: dict[str, models.Vector] = {
                KEYWORD: models.SparseVector(indices=words.indices, values=words.values)
            }
            if dense is not None and (own := dense[number]) is not None:
                vector[DENSE] = list(own)
            payload = payload_of(owner_id, chunk)
            points.append(models.PointStruct(id=str(point_id(chunk)), vector=vector, payload=payload))
        return points

    def _requests(
        self,
        owner_id: UserId,
        attachment_ids: Sequence[AttachmentId],
        query: str,
        dense: Sequence[float] | None,
        depth: int,
    ) -> list[models.QueryRequest]:
        within = _within(owner_id, attachment_ids)
        requests = []
        keywords = self._keywords.of_query(query)
        if keywords is not None:
            nearest = models.SparseVector(indices=keywords.indices, values=keywords.values)
            # Rarity is counted among the owner's passages: others' files must not be felt in the ranking.
            corpus = models.IdfCorpusParams(corpus=models.Filter(must=[_is(OWNER, owner_id)]))
            requests.append(_request(nearest, KEYWORD, within, depth, models.SearchParams(idf=corpus)))
        if dense is not None:
            requests.append(_request(list(dense), DENSE, within, depth, None))
        return requests


def _is(field: str, value: str) -> models.FieldCondition:
    return models.FieldCondition(key=field, match=models.MatchValue(value=value))


def _within(owner_id: UserId, attachment_ids: Sequence[AttachmentId]) -> models.Filter:
    attachments = models.FieldCondition(key=ATTACHMENT, match=models.MatchAny(any=list(attachment_ids)))
    return models.Filter(must=[_is(OWNER, owner_id), attachments])


def _request(
    query: models.SparseVector | list[float] | models.OrderByQuery,
    using: str | None,
    within: models.Filter,
    depth: int,
    params: models.SearchParams | None,
) -> models.QueryRequest:
    return models.QueryRequest(query=query, using=using, filter=within, limit=depth, params=params, with_payload=True)


async def reached(call: Awaitable[T]) -> T:
    """Raises `SearchUnavailable` for anything that went wrong on the way or in the server."""
    try:
        return await call
    except ApiException as error:
        raise SearchUnavailable from error
