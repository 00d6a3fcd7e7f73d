"""Indexes files again from their kept texts: for another embedding model, or where the index was lost."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

import structlog

from services.ingest.chunk import cut
from services.ingest.deps import Deps
from services.ingest.extract.sandbox import SandboxLost
from services.ingest.index import Indexer
from services.ingest.passages import chunks_of
from tokenline.contracts.attachments import Attachment
from tokenline.contracts.errors import NotFound, Rejected, TokenlineError
from tokenline.contracts.ids import AttachmentId, Incarnation
from tokenline.contracts.metrics import INDEX_FILES, INDEX_FILES_LEFT
from tokenline.contracts.texts import ExtractedText
from tokenline.contracts.vectors import Index
from tokenline.core.retry import asked_s

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
MAX_FAILED = 3
"""A file whose text cannot be had so often, for a reason of its own, is left out: the others wait for the switch."""

log = structlog.get_logger()

Quiet: TypeAlias = Callable[[float], Awaitable[None]]
"""Returns when no job is running, or after so many seconds."""


class Rebuild:
    """One process at a time does it, a file at a time. Killed, it goes on with the files that are not noted yet."""

    def __init__(self, deps: Deps, indexer: Indexer, incarnation: Incarnation, quiet: Quiet) -> None:
        self.told: str | None = None
        """How far the index is that is being filled; ``None``: nothing lacks. Up to `TELL_S` old."""
        self._deps = deps
        self._indexer = indexer
        self._incarnation = incarnation
        self._quiet = quiet
        self._forgotten: set[AttachmentId] = set()
        self._failed: Counter[AttachmentId] = Counter()
        self._tell_at = 0.0
        self._held = False
        self._failures = 0

    async def look(self) -> None:
        """Fill the index that is wanted, then search it. Raises `Retryable`, `Misconfigured`."""
        try:
            await self._fill()
            self._failures = 0
        except TokenlineError as error:
            # An endpoint that is overloaded is not asked again every second.
            await asyncio.sleep(max(asked_s(error), RETRY_S[min(self._failures, len(RETRY_S) - 1)]))
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
            await self._tell(state.wanted)
            if not await self._mine():
                return
            for attachment in found:
                await self._again(attachment)
                await self._deps.vectors.settle()
                # Each by itself: what one ends in must not cost the others of its page again and again.
                await self._deps.store.note_indexed([attachment.id], state.wanted.no)
                if await self._deps.vectors.refresh() != state:
                    return
        self._over()
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
            by_words = 0
            for begin in range(0, len(spans), BATCH):
                await self._quiet(PATIENCE_S)
                await self._mine()
                if attachment.id in self._forgotten:
                    break
                chunks = list(chunks_of(attachment, text, spans[begin : begin + BATCH]))
                by_words += (await self._deps.vectors.fill(attachment.owner_id, chunks)).by_words
            if by_words:
                log.warning("index.by_words", attachment_id=attachment.id, passages=by_words, of=len(spans))
        if attachment.id in self._forgotten or await self._deps.store.get_attachment(attachment.id) is None:
            await self._deps.vectors.delete(attachment.owner_id, [attachment.id])

    async def _text(self, attachment: Attachment) -> ExtractedText:
        """Empty where neither text nor file is left, or reading it fails again and again."""
        try:
            return await self._indexer.kept_text(attachment)
        except (NotFound, Rejected) as error:
            reason = error.code
        except SandboxLost as error:
            self._failed[attachment.id] += 1
            if self._failed[attachment.id] < MAX_FAILED:
                raise
            reason = error.code
        log.warning("index.text_lost", attachment_id=attachment.id, reason=reason)
        return ExtractedText(mime_type=attachment.mime_type, text="")

    async def _mine(self) -> bool:
        self._held = await self._deps.store.renew_lease(LEASE, self._incarnation, LEASE_S)
        return self._held

    async def _tell(self, wanted: Index) -> None:
        now = self._deps.clock.monotonic()
        if now >= self._tell_at:
            self._tell_at = now + TELL_S
            left = await self._deps.store.count_outdated(wanted.no)
            # None can be in an index of a higher number than was ever given: that counts them all.
            of = await self._deps.store.count_outdated(self._deps.vectors.state.last_no + 1)
            log.info("index.filling", layout=wanted.layout.told, files_left=left, of=of)
            self.told = f"Filling the index of {wanted.layout.told}: {of - left} of {of} files."
            self._deps.metrics.set(INDEX_FILES, of)
            self._deps.metrics.set(INDEX_FILES_LEFT, left)

    def _over(self) -> None:
        self._forgotten.clear()
        self._failed.clear()
        if self.told is not None:
            self.told = None
            self._deps.metrics.set(INDEX_FILES_LEFT, 0)
