"""Takes over what was read of the same content before: nothing is read, cut or embedded twice for one owner."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import PurePosixPath
from typing import Any
from weakref import WeakValueDictionary

import structlog

from services.ingest.deps import Deps
from services.ingest.places import Place
from services.ingest.progress import Progress
from services.ingest.settling import Settling
from tokenline.contracts.attachments import Attachment, AttachmentKind, AttachmentState
from tokenline.contracts.base import pack
from tokenline.contracts.errors import NotFound
from tokenline.contracts.ids import AttachmentId
from tokenline.core.file_keys import text_key, thumbnail_key, view_key
from tokenline.core.ports.files import Files

READING = 1
"""Raise it where the same file is read otherwise than before: what was read by then is not taken over."""

log = structlog.get_logger()


def fingerprint(attachment: Attachment, settings: tuple[Any, ...]) -> "hashlib._Hash":
    """To be fed with the file's bytes. Begun with all else that its reading depends on, and with its owner, so that
    nobody who sees two of them can tell that two people have the same file.
    """
    ending = PurePosixPath(attachment.name.lower()).suffix
    return hashlib.sha256(pack([READING, attachment.owner_id, ending, *settings]))


class Known:
    def __init__(self, deps: Deps, progress: Progress, settling: Settling) -> None:
        self._deps = deps
        self._settling = settling
        self._progress = progress
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def turn(self, content: str) -> AsyncIterator[None]:
        """Two of the same content that came at once are read one after the other in this process: the first is read,
        the second taken over from it."""
        lock = self._turns.setdefault(content, asyncio.Lock())
        async with lock:
            yield

    async def take_over(self, attachment: Attachment, content: str, place: Place) -> Attachment | None:
        """As it is then, indexed, its place left; ``None``, with nothing left behind: it is to be read.

        Doing it twice is harmless. Raises `Retryable`, `Superseded`.
        """
        state = await self._deps.vectors.refresh()
        source = await self._deps.store.same_content(attachment.owner_id, content, state.current.no)
        if source is None or not _is_whole(source):
            return None
        index_no = await self._copied(source, attachment)
        if index_no is None:
            log.info("ingest.not_taken_over", attachment_id=attachment.id, source_id=source.id)
            return None
        place.leave()
        await self._settling.settle()
        await self._deps.store.note_indexed([attachment.id], index_no)
        return await self._progress.advance(
            attachment.id,
            AttachmentState.INDEXED,
            mime_type=source.mime_type,
            pages=source.pages,
            chunks=source.chunks,
            kind=source.kind,
            document=source.document,
            picture=source.picture,
            warning=source.warning,
        )

    async def _copied(self, source: Attachment, target: Attachment) -> int | None:
        """The number of the index up to which its passages are written; ``None``: something of the source is gone."""
        index_no = await self._deps.vectors.copy(source, target)
        if index_no is not None:
            try:
                await self._copy_derived(source, target.id)
            except NotFound:
                index_no = None
        if index_no is None:
            await self._deps.vectors.delete(target.owner_id, [target.id])
            await forget_derived(self._deps.files, target.id)
        return index_no

    async def _copy_derived(self, source: Attachment, target: AttachmentId) -> None:
        """Raises `NotFound`."""
        files = self._deps.files
        if source.kind is AttachmentKind.DOCUMENT:
            await files.put(text_key(target), files.get(text_key(source.id)))
        if source.picture is not None and source.picture.thumbnail:
            await files.put(thumbnail_key(target), files.get(thumbnail_key(source.id)))
        if source.picture is not None and source.picture.view:
            await files.put(view_key(target), files.get(view_key(source.id)))


async def forget_derived(files: Files, attachment_id: AttachmentId) -> None:
    """Delete what reading the file left beside it."""
    await files.delete(text_key(attachment_id))
    await files.delete(thumbnail_key(attachment_id))
    await files.delete(view_key(attachment_id))


def _is_whole(source: Attachment) -> bool:
    """Whether it says what is to be there. A document without passages may have no text, and is read in no time."""
    return source.kind is AttachmentKind.IMAGE or bool(source.chunks)
