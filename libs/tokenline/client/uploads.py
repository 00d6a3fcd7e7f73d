"""Files: sent without being held in memory, then followed until ingest has read them."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from os import PathLike
from pathlib import Path
from typing import BinaryIO

from msgspec.structs import replace

from tokenline.client.credentials import Credentials
from tokenline.client.errors import Unreachable, error_of
from tokenline.client.http import Http
from tokenline.client.models import UploadProgress
from tokenline.client.resumable import ResumableUpload
from tokenline.contracts.attachments import READ, Attachment, AttachmentState
from tokenline.contracts.files import FileLink
from tokenline.contracts.ids import AttachmentId, ConversationId

PATH = "/api/v1/attachments"
SMALL_BYTES = 8 * 1024 * 1024
"""Sent in one request, and anew if that breaks: going on would cost more round trips than it saves."""
LOOK_S = 0.3
"""Between two looks at a file that is being read."""

OnProgress = Callable[[UploadProgress], None]


class Uploads:
    def __init__(self, http: Http, credentials: Credentials, patience_s: float) -> None:
        """``patience_s``: how long to go on with a file of which nothing more gets through."""
        self._patience_s = patience_s
        self._http = http
        self._credentials = credentials

    async def add(
        self,
        path: str | PathLike[str],
        *,
        conversation_id: ConversationId | None = None,
        on_progress: OnProgress | None = None,
        wait: bool = True,
    ) -> Attachment:
        """Send a file; with ``wait`` return when its text can be searched. One that breaks off is gone on with, at any
        gateway.

        Raises `OSError` for a file that cannot be read here, and for one that the gateway or ingest refuses `TooLarge`,
        `Unsupported`, `Encrypted`, … Cancelled while it waits, the file stays; while it sends, it does not.
        """
        file = Path(path)
        tell = on_progress or _nobody
        with await asyncio.to_thread(file.open, "rb") as source:
            size_bytes = await asyncio.to_thread(lambda: file.stat().st_size)
            attachment = await self._send(source, file.name, size_bytes, conversation_id, tell)
        return await self._read(attachment, tell) if wait else attachment

    async def _send(
        self,
        source: BinaryIO,
        name: str,
        size_bytes: int,
        conversation_id: ConversationId | None,
        tell: OnProgress,
    ) -> Attachment:
        if size_bytes < SMALL_BYTES:
            with suppress(Unreachable):
                return await self._http.call(
                    "POST",
                    PATH,
                    Attachment,
                    self._credentials,
                    files={"file": (name, _Counted(source, size_bytes, tell))},
                    data={"conversation_id": conversation_id} if conversation_id else None,
                )

        def sent(offset: int) -> None:
            tell(UploadProgress(offset, size_bytes, AttachmentState.UPLOADING))

        resumable = ResumableUpload(self._http, self._credentials, source, size_bytes, sent, self._patience_s)
        return await resumable.send(name, conversation_id)

    async def add_url(
        self,
        url: str,
        *,
        conversation_id: ConversationId | None = None,
        on_progress: OnProgress | None = None,
        wait: bool = True,
    ) -> Attachment:
        """Have a page of the web fetched by the gateway; with ``wait`` return when its text can be searched.

        Raises `AddressRefused`, `NotFetched`, and for what ingest refuses as `add` does. Cancelled, the page stays.
        """
        body = {"url": url} if conversation_id is None else {"url": url, "conversation_id": conversation_id}
        attachment = await self._http.call("POST", f"{PATH}/url", Attachment, self._credentials, json=body)
        return await self._read(attachment, on_progress or _nobody) if wait else attachment

    async def get(self, attachment_id: AttachmentId) -> Attachment:
        return await self._http.call("GET", f"{PATH}/{attachment_id}", Attachment, self._credentials)

    async def link(self, attachment_id: AttachmentId) -> FileLink:
        """An address at which whoever has it can download the file, for 24 hours."""
        link = await self._http.call("POST", f"{PATH}/{attachment_id}/link", FileLink, self._credentials, again=True)
        return replace(link, url=self._http.addresses.current + link.url)

    async def delete(self, attachment_id: AttachmentId) -> None:
        await self._http.call("DELETE", f"{PATH}/{attachment_id}", type(None), self._credentials)

    async def _read(self, attachment: Attachment, tell: OnProgress) -> Attachment:
        told: AttachmentState | None = None
        while True:
            if attachment.state is not told:
                told = attachment.state
                tell(UploadProgress(attachment.size_bytes, attachment.size_bytes, told))
            if attachment.state in READ:
                break
            await asyncio.sleep(LOOK_S)
            attachment = await self.get(attachment.id)
        if attachment.error is not None:
            raise error_of(attachment.error)
        return attachment


class _Counted:
    """A file that tells how much of it was read."""

    def __init__(self, source: BinaryIO, size_bytes: int, tell: OnProgress) -> None:
        self._source = source
        self._size_bytes = size_bytes
        self._tell = tell

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        self._tell(UploadProgress(self._source.tell(), self._size_bytes, AttachmentState.UPLOADING))
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._source.seek(offset, whence)

    def tell(self) -> int:
        return self._source.tell()

    def fileno(self) -> int:
        return self._source.fileno()


def _nobody(_: UploadProgress) -> None:
    pass
