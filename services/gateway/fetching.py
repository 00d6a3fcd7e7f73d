"""Takes pages in from addresses: asked for while the caller waits a moment, received in the background, then a job for
ingest as for any file. What is under way stands in the store, so whoever is killed in the middle is followed.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import structlog
from msgspec.structs import replace
from opentelemetry.trace import SpanKind

from services.gateway.uploads import Uploads, clean_name
from tokenline.contracts.attachments import Attachment, AttachmentState
from tokenline.contracts.errors import ErrorInfo, NotFetched, NotFound, NotSignedIn, Rejected, Retryable, TokenlineError
from tokenline.contracts.events import AttachmentChanged
from tokenline.contracts.ids import AttachmentId, ConversationId
from tokenline.contracts.metrics import FETCHES
from tokenline.core.access import owned_by
from tokenline.core.clock import Clock, new_id
from tokenline.core.file_keys import file_key
from tokenline.core.filetype import HEAD_BYTES, HTML, sniff
from tokenline.core.ports.fetcher import Fetcher, Page
from tokenline.core.ports.files import Files
from tokenline.core.ports.store import Store
from tokenline.core.web_address import WebAddress
from tokenline.core.web_names import address_name, disposition_name, title_of, with_suffix
from tokenline.core.web_text import Recoder, declared_encoding
from tokenline.runtime.auth.principal import Principal
from tokenline.runtime.line import Line
from tokenline.runtime.metrics import Metrics
from tokenline.runtime.supervisor import Supervisor
from tokenline.runtime.tracing import attachment_span

log = structlog.get_logger()

PATIENCE_S = 3.0
"""So long the caller waits for the page to begin: what is refused, missing or of a wrong kind is known by then."""
AT_ONCE = 32
"""Pages under way in one gateway; what comes beyond is stored, and begun by a sweep when there is room."""
MARGIN_S = 10.0
"""Beyond the time limit of a fetch: whoever has not written its end by then is taken for dead."""
GIVE_UP_S = 600.0
"""What has not been fetched by then, with gateways dying in the middle, is not tried again."""
TELL_S = 0.5
"""Between two words on how much has arrived."""
UNKNOWN = "application/octet-stream"


class Superseded(Exception):
    """The file was deleted, or somebody else fetched it."""


class Opening:
    """A page whose beginning is on its way."""

    def __init__(self, fetcher: Fetcher, address: WebAddress) -> None:
        self._fetcher = fetcher
        self._address = address
        self.ended = asyncio.Event()
        self.error: TokenlineError | None = None
        self.name = address.shown
        self.mime_type = UNKNOWN
        self._page: Page | None = None
        self._body: AsyncIterator[bytes]
        self._head = b""
        self._recoder: Recoder | None = None

    async def run(self) -> None:
        try:
            self._page = page = await self._fetcher.open(self._address)
            self._body = page.body
            while len(self._head) < HEAD_BYTES and (chunk := await anext(self._body, None)) is not None:
                self._head += chunk
            self._judge(page)
        except TokenlineError as error:
            self.error = error
        except Exception:
            # A fault of ours must end this page only: somebody waits for it.
            log.exception("fetch.failed")
            self.error = TokenlineError()
        finally:
            self.ended.set()

    async def received(self) -> AsyncIterator[bytes]:
        """Waits for the beginning. Raises what went wrong with it, and what `Page.body` raises."""
        await self.ended.wait()
        if self.error is not None:
            raise self.error
        recoder = self._recoder
        yield self._head
        async for chunk in self._body:
            yield chunk if recoder is None else recoder.feed(chunk)
        if recoder is not None:
            yield recoder.feed(b"", final=True)

    async def close(self) -> None:
        if self._page is not None:
            await self._page.close()

    def _judge(self, page: Page) -> None:
        given = disposition_name(page.disposition)
        name = clean_name(given or address_name(page.address))
        self.mime_type = sniff(self._head, name)
        encoding = declared_encoding(self._head[:HEAD_BYTES], self.mime_type, page.content_type)
        if encoding is not None:
            self._recoder = Recoder(encoding)
            self._head = self._recoder.feed(self._head)
        title = title_of(self._head[:HEAD_BYTES]) if self.mime_type == HTML and given is None else None
        self.name = with_suffix(clean_name(title or name), self.mime_type)


class Fetching:
    def __init__(
        self,
        store: Store,
        files: Files,
        fetcher: Fetcher,
        uploads: Uploads,
        line: Line,
        supervisor: Supervisor,
        clock: Clock,
        metrics: Metrics,
        timeout_s: float,
    ) -> None:
        self._store = store
        self._files = files
        self._fetcher = fetcher
        self._uploads = uploads
        self._line = line
        self._supervisor = supervisor
        self._clock = clock
        self._metrics = metrics
        self._lost_after_s = timeout_s + MARGIN_S
        self.under_way: set[AttachmentId] = set()

    async def add(self, asker: Principal, url: str, conversation_id: ConversationId | None) -> Attachment:
        """The file, which is `uploading`, mostly with its name and type; nothing is stored of what is refused.

        Raises `NotFound`, `AddressRefused`, and what is known of the page within `PATIENCE_S`: `NotFetched`,
        `TooLarge`, `Unsupported`, `Encrypted`, `NoText`.
        """
        if conversation_id is not None:
            owned_by(asker.user_id, await self._store.get_conversation(conversation_id))
        address = self._fetcher.check(url)
        now = self._clock.now()
        draft = Attachment(
            id=new_id(now),
            owner_id=asker.user_id,
            conversation_id=conversation_id,
            name=address.shown,
            size_bytes=0,
            mime_type=UNKNOWN,
            state=AttachmentState.UPLOADING,
            url=str(address),
            created_at=now,
        )
        with attachment_span("attachment.accept", draft, kind=SpanKind.SERVER, root=True):
            if len(self.under_way) >= AT_ONCE:
                return await self._keep(replace(draft, fetch_due_at=await self._store.now()))
            return await self._begun(draft, address)

    async def sweep(self) -> None:
        """Begin again what was broken off, and what waited for room. For the keeper."""
        now = await self._store.now()
        room = AT_ONCE - len(self.under_way)
        for attachment in await self._store.due_fetches(now, room) if room > 0 else ():
            if now - attachment.created_at > GIVE_UP_S:
                await self._fail(attachment, NotFetched(f"“{attachment.name}” could not be fetched in time."))
                continue
            due_at = now + self._lost_after_s
            claimed = replace(attachment, fetch_due_at=due_at, version=attachment.version + 1)
            if attachment.id not in self.under_way and await self._store.replace_attachment(claimed):
                self._begin_again(claimed)

    async def close(self) -> None:
        await self._fetcher.close()

    async def _begun(self, draft: Attachment, address: WebAddress) -> Attachment:
        opening = Opening(self._fetcher, address)
        with self._counted(draft.id):
            task = self._supervisor.spawn(f"fetch.open.{draft.id}", opening.run())
            try:
                await self._patiently(opening)
                due_at = await self._store.now() + self._lost_after_s
                known = replace(draft, name=opening.name, mime_type=opening.mime_type, fetch_due_at=due_at)
                kept = await self._keep(known)
            except BaseException:
                task.cancel()
                await opening.close()
                raise
            self._supervisor.spawn(f"fetch.{kept.id}", self._receive(kept, opening))
        return kept

    async def _patiently(self, opening: Opening) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                await opening.ended.wait()
        except TimeoutError:
            return
        if opening.error is not None:
            self._metrics.add(FETCHES, opening.error.code)
            raise opening.error

    async def _keep(self, attachment: Attachment) -> Attachment:
        await self._store.add_attachment(attachment)
        self._tell(attachment)
        await self._uploads.check_wanted(attachment)
        return attachment

    def _begin_again(self, attachment: Attachment) -> None:
        log.info("fetch.begun_again", attachment_id=attachment.id)
        self._supervisor.spawn(f"fetch.{attachment.id}", self._again(attachment))

    async def _again(self, attachment: Attachment) -> None:
        try:
            opening = Opening(self._fetcher, self._fetcher.check(attachment.url or ""))
        except Rejected as refused:  # the settings are others by now
            await self._fail(attachment, refused)
            return
        self._supervisor.spawn(f"fetch.open.{attachment.id}", opening.run())
        await self._receive(attachment, opening)

    async def _receive(self, attachment: Attachment, opening: Opening) -> None:
        with self._counted(attachment.id):
            try:
                outcome = await self._outcome(attachment, opening)
            except (Superseded, NotSignedIn, NotFound):
                outcome = "gone"
                await self._tidy(attachment)
            except Retryable as error:
                # The store or the files are away. It stays due, so a sweep begins again.
                outcome = error.code
            finally:
                await opening.close()
        self._metrics.add(FETCHES, outcome)
        log.info("fetch.ended", attachment_id=attachment.id, outcome=outcome)

    async def _outcome(self, attachment: Attachment, opening: Opening) -> str:
        """``fetched`` or the code of the failure. Raises `Superseded`, `NotSignedIn` or `NotFound` when its owner or
        conversation has gone meanwhile, `Retryable`."""
        try:
            size = await self._files.put(file_key(attachment.id), self._watched(attachment, opening))
            stored = await self._end(
                attachment.id,
                state=AttachmentState.QUEUED,
                name=opening.name,
                mime_type=opening.mime_type,
                size_bytes=size,
            )
        except (Retryable, Superseded):
            raise
        except TokenlineError as error:
            return await self._fail(attachment, error)
        except Exception:
            log.exception("fetch.failed", attachment_id=attachment.id)
            return await self._fail(attachment, TokenlineError())
        await self._uploads.hand_on(stored)
        return "fetched"

    async def _watched(self, attachment: Attachment, opening: Opening) -> AsyncIterator[bytes]:
        """Tells how much is there, and stops when nobody wants it any more."""
        size, told_at = 0, self._clock.monotonic()
        async for chunk in opening.received():
            size += len(chunk)
            yield chunk
            if self._clock.monotonic() - told_at >= TELL_S:
                told_at = self._clock.monotonic()
                current = await self._current(attachment.id)
                self._tell(replace(current, name=opening.name, mime_type=opening.mime_type, size_bytes=size))

    async def _fail(self, attachment: Attachment, error: TokenlineError) -> str:
        info = ErrorInfo(code=error.code, message=error.message, detail={"name": attachment.name})
        try:
            await self._end(attachment.id, state=AttachmentState.FAILED, error=info)
        except Superseded:
            return "gone"
        await self._line.release(attachment.owner_id)
        return error.code

    async def _end(self, attachment_id: AttachmentId, **changes: object) -> Attachment:
        """On whatever else was changed meanwhile: a question may have taken it along. Raises `Superseded`."""
        while True:
            current = await self._current(attachment_id)
            written = replace(current, fetch_due_at=None, version=current.version + 1, **changes)
            if await self._store.replace_attachment(written):
                self._tell(written)
                return written

    async def _current(self, attachment_id: AttachmentId) -> Attachment:
        current = await self._store.get_attachment(attachment_id)
        if current is None or current.state is not AttachmentState.UPLOADING:
            raise Superseded
        return current

    async def _tidy(self, attachment: Attachment) -> None:
        """Whoever deleted it may have done so before its bytes were there."""
        if await self._store.get_attachment(attachment.id) is None:
            await self._files.delete(file_key(attachment.id))

    def _tell(self, attachment: Attachment) -> None:
        self._line.announcer.announce(AttachmentChanged(attachment=attachment))

    @contextmanager
    def _counted(self, attachment_id: AttachmentId) -> Iterator[None]:
        self.under_way.add(attachment_id)
        try:
            yield
        finally:
            self.under_way.discard(attachment_id)
