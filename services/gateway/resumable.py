"""Files that are sent in as many requests as it takes (tus 1.0): what came before a connection broke stays.

The file store cannot append, S3 not at all, so an upload lies there in pieces, each under a name of its own. Its record
in the store names those that count, and changes by compare-and-set: a piece is stored first, then named. So a gateway
may be killed at any moment, and of two that go on with the same upload one is told to look again.
"""

from collections.abc import AsyncIterator

import structlog
from msgspec.structs import replace
from opentelemetry.trace import SpanKind

from services.gateway.uploads import Uploads, clean_name
from tokenline.contracts.attachments import Attachment, AttachmentState
from tokenline.contracts.errors import (
    Locked,
    NotFound,
    OffsetMismatch,
    Rejected,
    TokenlineError,
    TooLarge,
    TooManyUploads,
)
from tokenline.contracts.ids import AttachmentId, ConversationId, UserId
from tokenline.contracts.uploads import Upload
from tokenline.core.access import owned_by
from tokenline.core.clock import Clock, new_id
from tokenline.core.file_keys import piece_key, pieces_key
from tokenline.core.filetype import HEAD_BYTES, sniff
from tokenline.core.ports.files import Files
from tokenline.core.ports.store import Store
from tokenline.core.tus import as_metadata, metadata_of
from tokenline.runtime.auth.principal import Principal
from tokenline.runtime.tracing import attachment_span

log = structlog.get_logger()

PIECE_BYTES = 1024 * 1024
"""So much of an upload is in memory, and lost when a gateway is killed."""
KEEP_S = 24 * 3600.0
"""After the last that came of it."""
FINISH_S = 15.0
"""Without a sign of whoever finishes an upload, another may."""
BATCH = 50


class Resumable:
    def __init__(self, store: Store, files: Files, uploads: Uploads, clock: Clock, most: int) -> None:
        """``most``: unfinished ones that a user may have."""
        self._store = store
        self._files = files
        self._uploads = uploads
        self._clock = clock
        self._most = most

    async def begin(self, asker: Principal, size_bytes: int, metadata: str) -> Upload:
        """Raises `BadRequest`, `NoText`, `TooLarge`, `NotFound` for the conversation, `TooManyUploads`."""
        said = metadata_of(metadata)
        name = clean_name(said.get("filename"))
        if size_bytes == 0:
            sniff(b"", name)
        self._uploads.check_size(size_bytes, name)
        conversation_id = said.get("conversation_id") or None
        await self._uploads.check_conversation(asker.user_id, conversation_id)
        now = self._clock.now()
        upload = Upload(
            id=new_id(now),
            owner_id=asker.user_id,
            conversation_id=conversation_id,
            name=name,
            size_bytes=size_bytes,
            metadata=metadata,
            created_at=now,
            expires_at=now + KEEP_S,
        )
        if not await self._store.add_upload(upload, self._most):
            raise TooManyUploads(max=self._most)
        return upload

    async def get(self, asker: Principal, upload_id: AttachmentId) -> Upload:
        """How far it is; one that is whole is finished first. Raises `NotFound`, `Locked`."""
        upload = await self._mine(asker, upload_id)
        return await self._finish(upload) if _is_whole(upload) else upload

    async def append(
        self, asker: Principal, upload_id: AttachmentId, offset: int, length: int | None, body: AsyncIterator[bytes]
    ) -> Upload:
        """Go on from ``offset``, which must be where it is. ``length``: of ``body``, if known.

        What came before ``body`` broke off is kept, then its error raised. Raises `OffsetMismatch`, `TooLarge`,
        `NotFound`, `Locked`; and `Unsupported`, `Encrypted` or `NoText` as soon as that can be told, which ends the
        upload.
        """
        upload = await self._mine(asker, upload_id)
        if offset != upload.offset_bytes:
            raise OffsetMismatch(offset_bytes=upload.offset_bytes)
        if length is not None and offset + length > upload.size_bytes:
            raise self._beyond(upload)
        if offset < upload.size_bytes:
            upload = await self._grow(upload, body)
        return await self._finish(upload) if _is_whole(upload) else upload

    async def end(self, asker: Principal, upload_id: AttachmentId) -> None:
        """Remove it, and what became of it. Raises `NotFound`."""
        try:
            upload = owned_by(asker.user_id, await self._store.get_upload(upload_id))
        except NotFound:
            await self._uploads.remove(asker, upload_id)
            return
        await self._drop(upload)
        # It may have been killed between the two.
        if (made := await self._store.get_attachment(upload_id)) is not None:
            await self._uploads.purge([made])

    async def forget(self, owner: UserId) -> None:
        """Remove all of theirs."""
        while uploads := await self._store.owned_uploads(owner, BATCH):
            for upload in uploads:
                await self._drop(upload)

    async def forget_conversation(self, owner: UserId, conversation_id: ConversationId) -> None:
        """Remove theirs for it. One that begins from here on is refused when it is whole."""
        for upload in await self._store.owned_uploads(owner, self._most):
            if upload.conversation_id == conversation_id:
                await self._drop(upload)

    async def sweep(self) -> None:
        """Remove those that nobody went on with. For the keeper."""
        for upload in await self._store.expired_uploads(self._clock.now(), BATCH):
            try:
                await self._drop(upload)
            except TokenlineError as error:
                # The file store is away. The next sweep tries again, and others need not wait for this one.
                log.warning("upload.undeleted", upload_id=upload.id, reason=error.code)

    async def _mine(self, asker: Principal, upload_id: AttachmentId) -> Upload:
        """A finished one is told by what it became."""
        try:
            upload = owned_by(asker.user_id, await self._store.get_upload(upload_id))
        except NotFound:
            # Also for somebody else's: it takes as long as for one that is missing.
            return _finished(await self._uploads.get(asker, upload_id))
        if upload.expires_at <= self._clock.now():
            raise NotFound
        return upload

    async def _grow(self, upload: Upload, body: AsyncIterator[bytes]) -> Upload:
        """All but the last piece are full: a last one that is not is read again, and written anew with more."""
        held = bytearray()
        if upload.offset_bytes % PIECE_BYTES:
            async for chunk in self._files.get(piece_key(upload.id, upload.pieces[-1])):
                held += chunk
        start = upload.offset_bytes - len(held)
        failure: Exception | None = None
        while failure is None:
            try:
                held += await anext(body)
            except StopAsyncIteration:
                break
            except Exception as error:
                failure = error
            if start + len(held) > upload.size_bytes:
                raise self._beyond(upload)
            while len(held) >= PIECE_BYTES:
                upload = await self._keep(upload, start, bytes(held[:PIECE_BYTES]))
                start += PIECE_BYTES
                del held[:PIECE_BYTES]
        if start + len(held) > upload.offset_bytes:
            upload = await self._keep(upload, start, bytes(held))
        if failure is not None:
            raise failure
        return upload

    async def _keep(self, upload: Upload, start: int, piece: bytes) -> Upload:
        """With this piece from ``start`` on. Raises `OffsetMismatch` or `NotFound` when another was faster."""
        end = start + len(piece)
        mime_type = upload.mime_type
        if mime_type is None and (end >= HEAD_BYTES or end == upload.size_bytes):
            try:
                mime_type = sniff(piece[:HEAD_BYTES], upload.name)
            except Rejected:
                await self._drop(upload)
                raise
        now = self._clock.now()
        before = start // PIECE_BYTES
        name = new_id(now)
        await self._files.put(piece_key(upload.id, name), _once(piece))
        grown = replace(
            upload,
            offset_bytes=end,
            pieces=(*upload.pieces[:before], name),
            mime_type=mime_type,
            expires_at=now + KEEP_S,
            version=upload.version + 1,
        )
        if await self._store.replace_upload(grown):
            for replaced in upload.pieces[before:]:
                await self._files.delete(piece_key(upload.id, replaced))
            return grown
        await self._files.delete(piece_key(upload.id, name))
        current = await self._store.get_upload(upload.id)
        if current is None:
            raise NotFound
        raise OffsetMismatch(offset_bytes=current.offset_bytes)

    async def _finish(self, upload: Upload) -> Upload:
        """Make the attachment of it that an upload in one request makes. Raises `Locked` while another does.

        Whoever is killed in between is followed by the next who asks for it.
        """
        holder, lease = new_id(self._clock.now()), f"upload:{upload.id}"
        if not await self._store.renew_lease(lease, holder, FINISH_S):
            raise Locked
        try:
            current = await self._store.get_upload(upload.id)
            if current is None:
                # Finished meanwhile, or removed.
                return _finished(owned_by(upload.owner_id, await self._store.get_attachment(upload.id)))
            try:
                await self._uploads.check_conversation(upload.owner_id, upload.conversation_id)
            except NotFound:
                await self._drop(upload)
                raise
            attachment = Attachment(
                id=upload.id,
                owner_id=upload.owner_id,
                conversation_id=upload.conversation_id,
                name=upload.name,
                size_bytes=upload.size_bytes,
                mime_type=upload.mime_type or "",
                state=AttachmentState.UPLOADING,
                # It may have taken days to arrive; from here on it waits for its message.
                created_at=self._clock.now(),
            )
            # Whoever was killed after this had given the job, or ingest's sweep finds it.
            stored = await self._store.get_attachment(upload.id)
            if stored is None:
                with attachment_span("attachment.accept", attachment, kind=SpanKind.SERVER, root=True):
                    stored = await self._uploads.take_in(attachment, self._whole(current, lease, holder))
            await self._delete_pieces(upload.id)
            if not await self._store.delete_upload(upload.id):
                # Removed while it was being finished.
                await self._uploads.purge([stored])
                raise NotFound
            return _finished(stored)
        finally:
            await self._store.drop_lease(lease, holder)

    async def _whole(self, upload: Upload, lease: str, holder: str) -> AsyncIterator[bytes]:
        """Raises `Locked` when another has taken over."""
        for piece in upload.pieces:
            if not await self._store.renew_lease(lease, holder, FINISH_S):
                raise Locked
            async for chunk in self._files.get(piece_key(upload.id, piece)):
                yield chunk

    async def _drop(self, upload: Upload) -> None:
        """In this order, so that what fails can be tried again; and twice, as somebody may be sending."""
        await self._delete_pieces(upload.id)
        await self._store.delete_upload(upload.id)
        await self._delete_pieces(upload.id)

    async def _delete_pieces(self, upload_id: AttachmentId) -> None:
        """Also those that were stored and never named."""
        async for key in self._files.keys(pieces_key(upload_id)):
            await self._files.delete(key)

    def _beyond(self, upload: Upload) -> TooLarge:
        said = f"“{upload.name}” was announced with {upload.size_bytes} bytes, and this is more."
        return TooLarge(said, name=upload.name, max_bytes=upload.size_bytes)


def _is_whole(upload: Upload) -> bool:
    """And is yet to be finished."""
    return bool(upload.pieces) and upload.offset_bytes == upload.size_bytes


def _finished(attachment: Attachment) -> Upload:
    return Upload(
        id=attachment.id,
        owner_id=attachment.owner_id,
        conversation_id=attachment.conversation_id,
        name=attachment.name,
        size_bytes=attachment.size_bytes,
        metadata=as_metadata({"filename": attachment.name}),
        created_at=attachment.created_at,
        expires_at=attachment.created_at,
        offset_bytes=attachment.size_bytes,
        mime_type=attachment.mime_type,
    )


async def _once(piece: bytes) -> AsyncIterator[bytes]:
    yield piece
