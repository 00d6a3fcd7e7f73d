"""From a stored file to searchable passages: extract, embed, write."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO

import msgspec
from opentelemetry.trace import Span, SpanKind

from services.ingest.deps import Deps
from services.ingest.extract.answers import Extracted
from services.ingest.indexes import Written
from services.ingest.known import Known, fingerprint
from services.ingest.passages import chunks_of
from services.ingest.places import Place
from services.ingest.progress import Progress, Steps
from services.ingest.settling import Settling
from tokenline.contracts.attachments import Attachment, AttachmentKind, AttachmentState
from tokenline.contracts.base import pack
from tokenline.contracts.errors import NotFound, StorageFull
from tokenline.contracts.ids import AttachmentId
from tokenline.contracts.metrics import INGEST_STAGE
from tokenline.contracts.texts import ExtractedText
from tokenline.core.file_keys import file_key, text_key, thumbnail_key, view_key
from tokenline.core.ports.vectors import Chunk
from tokenline.runtime.tracing import attachment_span, stage_span

BATCH = 256
"""Passages embedded and written at a time: bounds what is in memory, and lets searches between."""

_texts = msgspec.msgpack.Decoder(ExtractedText)


class Indexer:
    def __init__(self, deps: Deps, progress: Progress) -> None:
        self._deps = deps
        self._progress = progress
        self._settling = Settling(deps.vectors, deps.clock)
        self._known = Known(deps, progress, self._settling)

    async def index(self, attachment: Attachment, place: Place) -> bool:
        """False: what was read of the same content before was taken over. Doing it twice is harmless.

        ``place``, among those that are read, is left as soon as others can use it.
        Raises `Rejected`, `Retryable`, `Superseded`.
        """
        with attachment_span("attachment.index", attachment, kind=SpanKind.CONSUMER) as span:
            await self._progress.advance(attachment.id, AttachmentState.EXTRACTING)
            with _spool() as spool:
                content = await self._copy(attachment, spool)
                await self._deps.store.note_content(attachment.id, content)
                async with self._known.turn(content):
                    if (known := await self._known.take_over(attachment, content, place)) is None:
                        async with self._progress.steps(attachment.id) as steps:
                            chunks = await self._index(attachment, spool, steps, span, place)
                    else:
                        chunks = known.chunks or 0
            span.set_attributes({"tokenline.chunks": chunks, "tokenline.taken_over": known is not None})
            return known is None

    async def _index(self, attachment: Attachment, spool: BinaryIO, steps: Steps, span: Span, place: Place) -> int:
        """How many passages it has."""
        with self._stage("extract", span):
            extracted = await self._extract(attachment, spool, steps)
        spool.close()
        await place.write()
        written = await self._keep_and_write(attachment, extracted, steps, span)
        chunks, before = len(extracted.spans), extracted.warning
        del extracted  # while others are read
        place.leave()
        with self._stage("index", span):
            await self._settling.settle()
        # Before it counts as indexed: the rebuild leaves it alone, and switches when none is left.
        await self._deps.store.note_indexed([attachment.id], written.no)
        await self._progress.advance(
            attachment.id,
            AttachmentState.INDEXED,
            chunks=chunks,
            warning=_warning(before, written.by_words, chunks),
        )
        return chunks

    async def _keep_and_write(self, attachment: Attachment, extracted: Extracted, steps: Steps, span: Span) -> Written:
        """Not settled yet."""
        await self._keep(attachment.id, extracted)
        text = extracted.text
        await self._progress.advance(
            attachment.id,
            AttachmentState.EMBEDDING,
            mime_type=text.mime_type,
            pages=None if text.page_starts is None else len(text.page_starts),
            kind=AttachmentKind.DOCUMENT if extracted.picture is None else AttachmentKind.IMAGE,
            document=extracted.document,
            picture=extracted.picture,
            warning=extracted.warning,
        )
        number, by_words = (await self._deps.vectors.refresh()).wanted.no, 0
        for begin in range(0, len(extracted.spans), BATCH):
            spans = extracted.spans[begin : begin + BATCH]
            written = await self._write(attachment, list(chunks_of(attachment, text, spans)), span)
            number, by_words = min(number, written.no), by_words + written.by_words
            steps.wrote(spans[-1][1], text)
        return Written(number, by_words)

    async def _keep(self, attachment_id: AttachmentId, extracted: Extracted) -> None:
        """Before the attachment says so: what it names is there."""
        if extracted.text.text:
            await self._deps.files.put(text_key(attachment_id), _once(pack(extracted.text)))
        if extracted.thumbnail is not None:
            await self._deps.files.put(thumbnail_key(attachment_id), _once(extracted.thumbnail))
        if extracted.view is not None:
            await self._deps.files.put(view_key(attachment_id), _once(extracted.view))

    async def _extract(self, attachment: Attachment, spool: BinaryIO, steps: Steps) -> Extracted:
        with _storing():
            return await self._deps.sandbox.extract(spool, attachment.name, steps.read)

    async def _copy(self, attachment: Attachment, spool: BinaryIO) -> str:
        """The child reads a local file, wherever files are kept. What stands for its content."""
        content = fingerprint(attachment, self._deps.sandbox.reads_by)

        def write(chunk: bytes) -> None:
            spool.write(chunk)
            content.update(chunk)

        with _storing():
            async for chunk in self._deps.files.get(file_key(attachment.id)):
                await asyncio.to_thread(write, chunk)
            spool.flush()
        return content.hexdigest()

    async def kept_text(self, attachment: Attachment) -> ExtractedText:
        """As it was extracted; read anew where that is gone. Raises `Rejected`, `Retryable`."""
        try:
            kept = b"".join([part async for part in self._deps.files.get(text_key(attachment.id))])
            return await asyncio.to_thread(_texts.decode, kept)
        except (NotFound, msgspec.DecodeError):
            with _spool() as spool:
                await self._copy(attachment, spool)
                return (await self._extract(attachment, spool, Steps())).text

    async def _write(self, attachment: Attachment, chunks: Sequence[Chunk], span: Span) -> Written:
        return await self._deps.vectors.upsert(attachment.owner_id, chunks, lambda name: self._stage(name, span))

    @contextmanager
    def _stage(self, name: str, span: Span) -> Iterator[None]:
        begin = self._deps.clock.monotonic()
        with stage_span(f"attachment.index.{name}", span):
            yield
        self._deps.metrics.observe(INGEST_STAGE, self._deps.clock.monotonic() - begin, name)


@contextmanager
def _storing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageFull from error


def _spool() -> BinaryIO:
    with _storing():
        return tempfile.TemporaryFile()


def _warning(before: str | None, by_words: int, of: int) -> str | None:
    if not by_words:
        return before
    refused = f"The embedding model refused {by_words} of {of} passages, which are found by their words alone."
    return refused if before is None else f"{before} {refused}"


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data
