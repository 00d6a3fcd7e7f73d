"""From a stored file to searchable passages: extract, embed, write."""

import asyncio
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO

from opentelemetry.trace import Span, SpanKind

from services.ingest.deps import Deps
from services.ingest.extract.answers import Extracted, Piece
from services.ingest.progress import Progress
from tokenline.contracts.attachments import Attachment, AttachmentState
from tokenline.contracts.errors import StorageFull
from tokenline.contracts.ids import AttachmentId
from tokenline.contracts.metrics import INGEST_STAGE
from tokenline.core.ports.vectors import Chunk
from tokenline.runtime.tracing import attachment_span, stage_span

BATCH = 256
"""Passages embedded and written at a time: bounds what is in memory, and lets searches between."""


def key_of(attachment_id: AttachmentId) -> str:
    return f"attachments/{attachment_id}"


class Indexer:
    def __init__(self, deps: Deps, progress: Progress) -> None:
        self._deps = deps
        self._progress = progress

    async def index(self, attachment: Attachment) -> None:
        """Doing it twice is harmless. Raises `Rejected`, `Retryable`, `Superseded`."""
        with attachment_span("attachment.index", attachment, kind=SpanKind.CONSUMER) as span:
            chunks = await self._index(attachment, span)
            span.set_attribute("tokenline.chunks", chunks)

    async def _index(self, attachment: Attachment, span: Span) -> int:
        """How many passages it has."""
        await self._progress.advance(attachment.id, AttachmentState.EXTRACTING)
        with self._stage("extract", span):
            extracted = await self._extract(attachment)
        await self._progress.advance(
            attachment.id, AttachmentState.EMBEDDING, mime_type=extracted.mime_type, pages=extracted.pages
        )
        for begin in range(0, len(extracted.pieces), BATCH):
            await self._write(attachment, extracted.pieces[begin : begin + BATCH], span)
        await self._progress.advance(attachment.id, AttachmentState.INDEXED, chunks=len(extracted.pieces))
        return len(extracted.pieces)

    async def _extract(self, attachment: Attachment) -> Extracted:
        try:
            with tempfile.TemporaryFile() as spool:
                await self._copy(attachment, spool)
                return await self._deps.sandbox.extract(spool, attachment.name)
        except OSError as error:
            raise StorageFull from error

    async def _copy(self, attachment: Attachment, spool: BinaryIO) -> None:
        """The child reads a local file, wherever files are kept."""
        async for chunk in self._deps.files.get(key_of(attachment.id)):
            await asyncio.to_thread(spool.write, chunk)
        spool.flush()
        spool.seek(0)

    async def _write(self, attachment: Attachment, pieces: Sequence[Piece], span: Span) -> None:
        dense = None
        if self._deps.embedder is not None:
            with self._stage("embed", span):
                dense = await self._deps.embedder.embed([piece.content for piece in pieces])
        with self._stage("index", span):
            chunks = [_chunk(attachment, piece) for piece in pieces]
            await self._deps.vectors.upsert(attachment.owner_id, chunks, dense)

    @contextmanager
    def _stage(self, name: str, span: Span) -> Iterator[None]:
        begin = self._deps.clock.monotonic()
        with stage_span(f"attachment.index.{name}", span):
            yield
        self._deps.metrics.observe(INGEST_STAGE, self._deps.clock.monotonic() - begin, name)


def _chunk(attachment: Attachment, piece: Piece) -> Chunk:
    return Chunk(
        attachment_id=attachment.id,
        name=attachment.name,
        page=piece.page,
        start=piece.start,
        end=piece.end,
        content=piece.content,
    )
