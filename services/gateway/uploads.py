"""Takes files in: type by content, size while it streams, then a job for ingest. And lets them go again."""

from collections.abc import AsyncIterator
from pathlib import PurePosixPath

import structlog
from msgspec.structs import replace
from opentelemetry.trace import SpanKind
from starlette.datastructures import UploadFile

from tokenline.contracts.attachments import READ, Attachment, AttachmentState, IngestJob
from tokenline.contracts.base import pack
from tokenline.contracts.errors import BrokerUnavailable, NotFound, NotSignedIn, QueueFull, TooLarge
from tokenline.contracts.events import AttachmentChanged
from tokenline.contracts.ids import AttachmentId, ConversationId, UserId
from tokenline.contracts.topology import INGEST, INGEST_QUEUE
from tokenline.core.access import owned_by
from tokenline.core.clock import Clock, new_id
from tokenline.core.file_keys import file_key
from tokenline.core.filetype import HEAD_BYTES, sniff
from tokenline.core.ports.broker import Broker
from tokenline.core.ports.files import Files
from tokenline.core.ports.search import Search
from tokenline.core.ports.store import Store
from tokenline.runtime.announcer import Announcer
from tokenline.runtime.auth.principal import Principal
from tokenline.runtime.tracing import attachment_span

log = structlog.get_logger()

CHUNK_BYTES = 256 * 1024
NAME_CHARACTERS = 200
SUFFIX_CHARACTERS = 20
JOINERS = "\u200c\u200d"
"""Are not to be seen themselves, but emoji and the letters of some scripts fall apart without them."""
INTERACTIVE_PRIORITY = 5
"""A person waits for it; re-indexing and the like come after."""


class Uploads:
    def __init__(
        self,
        store: Store,
        files: Files,
        search: Search,
        broker: Broker,
        announcer: Announcer,
        clock: Clock,
        max_bytes: int,
    ) -> None:
        self._store = store
        self._files = files
        self._search = search
        self._broker = broker
        self._announcer = announcer
        self._clock = clock
        self._max_bytes = max_bytes

    async def get(self, asker: Principal, attachment_id: AttachmentId) -> Attachment:
        """Raises `NotFound` for a missing one and for somebody else's."""
        return owned_by(asker.user_id, await self._store.get_attachment(attachment_id))

    async def add(self, asker: Principal, file: UploadFile, conversation_id: ConversationId | None) -> Attachment:
        """Store the file and have it indexed. Raises `Unsupported`, `Encrypted`, `NoText`, `TooLarge`, `NotFound`."""
        await self.check_conversation(asker.user_id, conversation_id)
        name = clean_name(form_name(file.filename))
        head = await file.read(HEAD_BYTES)
        mime_type = sniff(head, name)
        if file.size is not None:
            self.check_size(file.size, name)
        now = self._clock.now()
        attachment = Attachment(
            id=new_id(now),
            owner_id=asker.user_id,
            conversation_id=conversation_id,
            name=name,
            size_bytes=file.size or 0,
            mime_type=mime_type,
            state=AttachmentState.UPLOADING,
            created_at=now,
        )
        with attachment_span("attachment.accept", attachment, kind=SpanKind.SERVER, root=True):
            return await self.take_in(attachment, self._chunks(head, file, name))

    async def take_in(self, attachment: Attachment, chunks: AsyncIterator[bytes]) -> Attachment:
        """Store what it holds, tell of it, and have it read. Repeating it with the same is harmless.

        Raises `NotSignedIn` when the owner has gone meanwhile, `NotFound` for the conversation, and what ``chunks``
        raises.
        """
        size = await self._files.put(file_key(attachment.id), chunks)
        stored = replace(attachment, size_bytes=size, state=AttachmentState.QUEUED)
        await self._store.add_attachment(stored)
        self._announcer.announce(AttachmentChanged(attachment=stored))
        await self.hand_on(stored)
        return stored

    async def hand_on(self, stored: Attachment) -> None:
        """Have a file indexed that is stored. Raises as `check_wanted`."""
        await self.check_wanted(stored)
        await self._give_to_ingest(stored)

    async def copy(self, attachment: Attachment, copy_id: AttachmentId, conversation_id: ConversationId) -> None:
        """Another file like this one, for another conversation: what it says is looked for in one conversation only.

        Nothing happens when it was done before. Raises as `check_wanted`.
        """
        if await self._store.get_attachment(copy_id) is not None:
            return
        if not attachment.size_bytes:
            await self._copy_without_bytes(attachment, copy_id, conversation_id)
            return
        copied = Attachment(
            id=copy_id,
            owner_id=attachment.owner_id,
            conversation_id=conversation_id,
            name=attachment.name,
            size_bytes=attachment.size_bytes,
            mime_type=attachment.mime_type,
            kind=attachment.kind,
            state=AttachmentState.UPLOADING,
            created_at=self._clock.now(),
            url=attachment.url,
        )
        await self.take_in(copied, self.content(attachment))

    async def check_conversation(self, owner: UserId, conversation_id: ConversationId | None) -> None:
        """Raises `NotFound` for one that is not there, or not theirs."""
        if conversation_id is not None:
            owned_by(owner, await self._store.get_conversation(conversation_id))

    def check_size(self, size: int, name: str) -> None:
        """Raises `TooLarge`."""
        if size > self._max_bytes:
            raise TooLarge(
                f"“{name}” is larger than {self._max_bytes / 2**20:.0f} MiB.", name=name, max_bytes=self._max_bytes
            )

    async def _copy_without_bytes(
        self, attachment: Attachment, copy_id: AttachmentId, conversation_id: ConversationId
    ) -> None:
        """Of a page that is still to be fetched, which the keeper sees to, or could not be."""
        now = self._clock.now()
        due_at = await self._store.now() if attachment.state is AttachmentState.UPLOADING else None
        copied = replace(
            attachment, id=copy_id, conversation_id=conversation_id, version=0, created_at=now, fetch_due_at=due_at
        )
        await self._store.add_attachment(copied)
        self._announcer.announce(AttachmentChanged(attachment=copied))
        await self.check_wanted(copied)

    async def remove(self, asker: Principal, attachment_id: AttachmentId) -> None:
        """Delete passages, file and record, in this order: what fails can be asked for again. Raises `NotFound`."""
        await self.purge([await self.get(asker, attachment_id)])

    async def purge(self, attachments: list[Attachment]) -> None:
        """Raises `SearchUnavailable` with nothing deleted when ingest cannot be reached."""
        await self._forget(attachments)
        for attachment in attachments:
            await self._files.delete(file_key(attachment.id))
            await self._store.delete_attachment(attachment.id)
        # Until its record was gone, a reader could begin or end: it wrote passages that ingest had forgotten.
        await self._forget([attachment for attachment in attachments if attachment.state not in READ])

    async def purge_conversation(self, conversation_id: ConversationId) -> None:
        """With all that is in it. Raises `SearchUnavailable` with nothing deleted when ingest cannot be reached."""
        await self.purge(await self._store.attachments_of(conversation_id))
        await self._store.delete_conversation(conversation_id)
        # A file that came in between. One that comes from here on finds no conversation: `check_wanted`.
        await self.purge(await self._store.attachments_of(conversation_id))

    def content(self, attachment: Attachment) -> AsyncIterator[bytes]:
        """Raises `NotFound` for a page that was not fetched (yet)."""
        if not attachment.size_bytes:
            raise NotFound
        return self._files.get(file_key(attachment.id))

    async def _forget(self, attachments: list[Attachment]) -> None:
        if attachments:
            await self._search.forget(attachments[0].owner_id, [attachment.id for attachment in attachments])

    async def check_wanted(self, attachment: Attachment) -> None:
        """A file takes as long as its sender, or the file store; an account or conversation that was deleted meanwhile
        was searched for files already.

        Raises `NotSignedIn` or `NotFound`, with nothing of it left.
        """
        if await self._store.get_user(attachment.owner_id) is None:
            await self.purge([attachment])
            raise NotSignedIn
        try:
            await self.check_conversation(attachment.owner_id, attachment.conversation_id)
        except NotFound:
            await self.purge([attachment])
            raise

    async def _give_to_ingest(self, attachment: Attachment) -> None:
        """A job that cannot be published now is found by ingest's own sweep."""
        job = pack(IngestJob(attachment_id=attachment.id, owner_id=attachment.owner_id))
        try:
            await self._broker.publish(INGEST.name, INGEST_QUEUE.routing_keys[0], job, priority=INTERACTIVE_PRIORITY)
        except (BrokerUnavailable, QueueFull) as error:
            log.warning("ingest.unpublished", attachment_id=attachment.id, reason=error.code)

    async def _chunks(self, head: bytes, file: UploadFile, name: str) -> AsyncIterator[bytes]:
        size = len(head)
        yield head
        while chunk := await file.read(CHUNK_BYTES):
            size += len(chunk)
            self.check_size(size, name)
            yield chunk


def form_name(name: str | None) -> str | None:
    """As it was before a form carried it: three characters are escaped there (WHATWG HTML, "multipart form data")."""
    return name and name.replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")


def clean_name(name: str | None) -> str:
    """A file name without folders and control characters, for showing; a long one keeps how it begins and ends."""
    last = (name or "").replace("\\", "/").rsplit("/", 1)[-1]
    printable = "".join(character for character in last if character.isprintable() or character in JOINERS).strip()
    if len(printable) <= NAME_CHARACTERS:
        return printable.strip(JOINERS) or "file"
    suffix = PurePosixPath(printable).suffix[:SUFFIX_CHARACTERS]
    return f"{printable[: NAME_CHARACTERS - len(suffix) - 1]}…{suffix}"
