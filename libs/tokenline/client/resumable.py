"""Files sent so that they go on where the connection broke (tus 1.0), at the next gateway if need be."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import BinaryIO, NoReturn

from tokenline.client.credentials import Credentials
from tokenline.client.http import Http
from tokenline.contracts.attachments import Attachment
from tokenline.contracts.errors import (
    Locked,
    OffsetMismatch,
    RequestTimeout,
    Retryable,
    StorageFull,
    TokenlineError,
)
from tokenline.contracts.ids import AttachmentId, ConversationId
from tokenline.core.tus import MEDIA, VERSION, as_metadata

PATH = "/api/v1/attachments"
FIRST_S = 0.5
LONGEST_S = 8.0
REMOVE_S = 5.0
READ_BYTES = 256 * 1024
_TUS = {"tus-resumable": VERSION}
_PASSING = (Retryable, OffsetMismatch, Locked, RequestTimeout)


class ResumableUpload:
    """One file, sent once. ``patience_s``: how long to go on while nothing more gets through, after it was begun."""

    def __init__(
        self,
        http: Http,
        credentials: Credentials,
        source: BinaryIO,
        size_bytes: int,
        tell: Callable[[int], None],
        patience_s: float,
    ) -> None:
        self._http = http
        self._credentials = credentials
        self._source = source
        self._size_bytes = size_bytes
        self._tell = tell
        self._patience_s = patience_s
        self._offset = 0

    async def send(self, name: str, conversation_id: ConversationId | None) -> Attachment:
        """Raises what the gateway refuses, and `Unreachable` when patience ends. Cancelled, it is removed again."""
        said = {"filename": name} | ({"conversation_id": conversation_id} if conversation_id else {})
        begin = _TUS | {"upload-length": str(self._size_bytes), "upload-metadata": as_metadata(said)}
        begun = await self._http.told("POST", f"{PATH}/uploads", self._credentials, headers=begin)
        upload_id = AttachmentId(begun["location"].rpartition("/")[2])
        try:
            await self._send_all(f"{PATH}/uploads/{upload_id}")
            return await self._http.call("GET", f"{PATH}/{upload_id}", Attachment, self._credentials)
        except BaseException:
            await self._remove(f"{PATH}/uploads/{upload_id}")
            raise

    async def _send_all(self, path: str) -> None:
        since, failures, sure = time.monotonic(), 0, True
        while self._offset < self._size_bytes:
            before = self._offset
            try:
                if sure:
                    await self._append(path)
                else:
                    self._take(await self._http.told("HEAD", path, self._credentials, again=True, headers=_TUS))
                sure = True
            except _PASSING as error:
                if isinstance(error, StorageFull) or time.monotonic() - since > self._patience_s:
                    raise
                sure = False
                await asyncio.sleep(_delay(failures))
                failures += 1
            if self._offset > before:
                since, failures = time.monotonic(), 0

    async def _append(self, path: str) -> None:
        left = self._size_bytes - self._offset
        headers = _TUS | {"upload-offset": str(self._offset), "content-type": MEDIA, "content-length": str(left)}
        rest = _Rest(self._source, self._offset, left, self._tell)
        self._take(await self._http.told("PATCH", path, self._credentials, headers=headers, content=rest))

    def _take(self, headers: dict[str, str]) -> None:
        self._offset = int(headers["upload-offset"])

    async def _remove(self, path: str) -> None:
        """What cannot be removed now is removed by the gateway a day later."""
        with suppress(TokenlineError, TimeoutError):
            async with asyncio.timeout(REMOVE_S):
                await self._http.told("DELETE", path, self._credentials, headers=_TUS)


class _Rest:
    """The file from ``start`` on; may be gone through again, as when a credential was refused."""

    def __init__(self, source: BinaryIO, start: int, left: int, tell: Callable[[int], None]) -> None:
        self._source = source
        self._start = start
        self._left = left
        self._tell = tell

    async def __aiter__(self) -> AsyncIterator[bytes]:
        at, end = self._start, self._start + self._left
        await asyncio.to_thread(self._source.seek, at)
        while at < end:
            data = await asyncio.to_thread(self._source.read, min(READ_BYTES, end - at))
            if not data:
                _shrunk()
            at += len(data)
            self._tell(at)
            yield data


def _shrunk() -> NoReturn:
    raise OSError("The file has become shorter while it was sent.")


def _delay(failures: int) -> float:
    """With jitter: many may have been cut off by one cause."""
    longest = min(LONGEST_S, FIRST_S * 2.0**failures)
    return longest * (0.75 + random.random() / 2)  # noqa: S311 -- no secret
