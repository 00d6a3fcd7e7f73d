"""Indexes files again from their kept texts: for another embedding model, or where the index was lost."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

import structlog

from services.ingest.chunk import cut
from services.ingest.deps import Deps
from services.ingest.index import Indexer
from services.ingest.passages import chunks_of
from tokenline.contracts.attachments import Attachment
from tokenline.contracts.errors import NotFound, Rejected, TokenlineError
from tokenline.contracts.ids import AttachmentId, Incarnation
from tokenline.contracts.texts import ExtractedText

LOOK_S = 5.0
LEASE = "reindex"
LEASE_S = 30.0
AT_A_TIME = 16
BATCH = 64
"""Passages at a time: one request to the embedding endpoint, so that a search finds a place beside it."""
PATIENCE_S = 10.0
"""So long new files go first; then a batch of old ones is due all the same, or a busy service would never end."""
TELL_S = 15.0
RETRY_S = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Pauses after what the store, the files, the vectors or the embedding endpoint refused; the last one for ever."""

log = structlog.get_logger()

Quiet: TypeAlias = Callable[[float], Awaitable[None]]
"""Returns when no job is running, or after so many seconds."""


class Rebuild:
    """One process at a time does it, a file at a time. Killed, it goes on with the files that are not noted yet."""

    def __init__(self, deps: Deps, indexer: Indexer, incarnation: Incarnation, quiet: Quiet) -> None:
        self._deps = deps
        self._indexer = indexer
        self._incarnation = incarnation
        self._quiet = quiet
        self._forgotten: set[AttachmentId] = set()
        self._tell_at = 0.0
        self._held = False
        self._failures = 0

    async def look(self) -> None:
        """Fill the index that is wanted, then search it. Raises `Retryable`, `Misconfigured`."""
        try:
            await self._fill()
            self._failures = 0
        except TokenlineError:
            # An endpoint that is overloaded is not asked again every second.
            await asyncio.sleep(RETRY_S[min(self._failures, len(RETRY_S) - 1)])
            self._failures += 1
            raise
        finally:
            if self._held:
                self._held = False
                await self._deps.store.drop_lease(LEASE, self._incarnation)

    async def _fill(self) -> None:
        state = await self._deps.vectors.refresh()
        await self._deps.vectors.drop_former()
        while found := await self._deps.store.outdated_attachments(state.wanted.no, AT_A_TIME):
            await self._tell(state.wanted.no)
            if not await self._mine():
                return
            for attachment in found:
                await self._again(attachment)
                await self._deps.vectors.settle()
                # Each by itself: one that the model refuses must not cost the others of its page again and again.
                await self._deps.store.note_indexed([attachment.id], state.wanted.no)
                if await self._deps.vectors.refresh() != state:
                    return
        self._forgotten.clear()
        if state.filling is not None:
            await self._deps.vectors.switch()
            await self._deps.vectors.drop_former()

    def forget(self, attachment_ids: Sequence[AttachmentId]) -> None:
        """Before their passages are deleted: what is being written of them goes, too."""
        self._forgotten.update(attachment_ids)

    async def _again(self, attachment: Attachment) -> None:
        if attachment.chunks:
            text = await self._text(attachment)
            spans = await asyncio.to_thread(cut, text)
            for begin in range(0, len(spans), BATCH):
                await self._quiet(PATIENCE_S)
                await self._mine()
                if attachment.id in self._forgotten:
                    break
                chunks = list(chunks_of(attachment, text, spans[begin : begin + BATCH]))
                await self._deps.vectors.fill(attachment.owner_id, chunks)
        if attachment.id in self._forgotten or await self._deps.store.get_attachment(attachment.id) is None:
            await self._deps.vectors.delete(attachment.owner_id, [attachment.id])

    async def _text(self, attachment: Attachment) -> ExtractedText:
        """Empty where neither text nor file is left."""
        try:
            return await self._indexer.kept_text(attachment)
        except (NotFound, Rejected) as error:
            log.warning("index.text_lost", attachment_id=attachment.id, reason=error.code)
            return ExtractedText(mime_type=attachment.mime_type, text="")

    async def _mine(self) -> bool:
        self._held = await self._deps.store.renew_lease(LEASE, self._incarnation, LEASE_S)
        return self._held

    async def _tell(self, no: int) -> None:
        now = self._deps.clock.monotonic()
        if now >= self._tell_at:
            self._tell_at = now + TELL_S
            left = await self._deps.store.count_outdated(no)
            log.info("index.filling", layout=self._deps.vectors.state.wanted.layout.told, files_left=left)
