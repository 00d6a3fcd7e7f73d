"""Takes jobs from the queue and sees each attachment through to indexed or failed."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import msgspec
import structlog

from services.ingest.deps import Deps
from services.ingest.extract.sandbox import SandboxLost
from services.ingest.index import Indexer
from services.ingest.known import forget_derived
from services.ingest.lease import held
from services.ingest.places import Place, Places
from services.ingest.progress import ENDED, Progress, Superseded
from services.ingest.rebuild import Rebuild
from tokenline.contracts.attachments import Attachment, AttachmentState, IngestJob
from tokenline.contracts.errors import ErrorInfo, Fatal, NotFound, Rejected, Retryable, TokenlineError, TooComplex
from tokenline.contracts.ids import AttachmentId, Incarnation, UserId
from tokenline.contracts.metrics import INGEST_FILES
from tokenline.contracts.topology import INGEST_QUEUE
from tokenline.core.ports.broker import Consumption, Delivery
from tokenline.core.retry import asked_s
from tokenline.runtime.supervisor import Supervisor

log = structlog.get_logger()

LOST_AFTER_S = 30.0
SWEEP_S = 5.0
RETRY_S = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Pauses before trying again what the store, the files, the vectors or the embedding endpoint refused; the last one for
ever: an outage is no fault of the file, nor is a wrong key."""

TAKEN_OVER = "taken_over"
"""The outcome of a file whose content was read before."""
MAX_LOST = 3
"""A file that takes down the nursery so often is at fault itself."""

_decoder = msgspec.msgpack.Decoder(IngestJob)


class Jobs:
    """Runs jobs detached from their deliveries, which die with their channel; ``parallel`` files are read at a time, as
    many written, and up to ``waiting`` more are written and only wait to be settled.

    A job delivered again while it runs is the same run; it acknowledges all its deliveries at its end.
    """

    def __init__(
        self, deps: Deps, incarnation: Incarnation, supervisor: Supervisor, parallel: int, waiting: int = 0
    ) -> None:
        self._deps = deps
        self._incarnation = incarnation
        self._supervisor = supervisor
        self._parallel = parallel
        self._waiting = waiting
        self._places = Places(parallel)
        self._progress = Progress(deps.store, deps.line.announcer)
        self._indexer = Indexer(deps, self._progress)
        self.rebuild = Rebuild(deps, self._indexer, incarnation, self.quiet)
        self._deliveries: dict[AttachmentId, list[Delivery]] = {}
        self._owners: dict[AttachmentId, UserId | None] = {}
        self._tasks: dict[AttachmentId, asyncio.Task[None]] = {}
        self._consumption: Consumption | None = None

    async def consume(self) -> None:
        # One more than can run, so that the next is at hand.
        prefetch = 2 * self._parallel + self._waiting + 1
        self._consumption = await self._deps.broker.consume(INGEST_QUEUE, self.offer, prefetch=prefetch)

    async def stop_taking(self) -> None:
        """Before the supervisor ends the running jobs: their messages go back to the queue."""
        if self._consumption is not None:
            await self._consumption.cancel()

    async def offer(self, delivery: Delivery) -> None:
        try:
            job = _decoder.decode(delivery.body)
        except msgspec.DecodeError:
            log.warning("ingest.malformed")
            await delivery.reject()
            return
        self._start(job.attachment_id, job.owner_id, delivery)

    async def sweep(self) -> None:
        """Take up attachments whose job was lost; one that is still in the queue is found done when it comes."""
        before = self._deps.clock.now() - LOST_AFTER_S
        for attachment in await self._deps.store.unindexed_attachments(before, self._parallel * 2):
            self._start(attachment.id, attachment.owner_id)

    async def quiet(self, limit_s: float) -> None:
        """Return when those that are being read now have ended, after ``limit_s`` at the latest."""
        if self._tasks:
            await asyncio.wait(list(self._tasks.values()), timeout=limit_s)

    async def forget(self, owner_id: UserId, attachment_ids: Sequence[AttachmentId]) -> None:
        """Stop reading these, and delete what was written of them. Only the owner's."""
        mine = []
        for attachment_id in attachment_ids:
            attachment = await self._deps.store.get_attachment(attachment_id)
            if attachment is None or attachment.owner_id == owner_id:
                mine.append(attachment_id)
                await self._stop(attachment_id)
                await forget_derived(self._deps.files, attachment_id)
        self.rebuild.forget(mine)
        await self._deps.vectors.refresh()
        await self._deps.vectors.delete(owner_id, attachment_ids)

    def _start(self, attachment_id: AttachmentId, owner_id: UserId | None, *deliveries: Delivery) -> None:
        if attachment_id in self._tasks:
            self._deliveries[attachment_id].extend(deliveries)
            return
        self._deliveries[attachment_id] = list(deliveries)
        self._owners[attachment_id] = owner_id
        self._tasks[attachment_id] = self._supervisor.spawn(f"ingest {attachment_id}", self._run(attachment_id))

    async def _stop(self, attachment_id: AttachmentId) -> None:
        task = self._tasks.get(attachment_id)
        if task is None:
            return
        deliveries = self._deliveries[attachment_id]
        task.cancel()
        await asyncio.wait([task])
        if self._tasks.get(attachment_id) is task:  # it was cancelled before its first step, and took nothing back
            self._let_go(attachment_id)
        await _acknowledge(deliveries)

    async def _run(self, attachment_id: AttachmentId) -> None:
        try:
            await self._until_ended(attachment_id)
            await _acknowledge(self._deliveries[attachment_id])
        finally:
            self._let_go(attachment_id)

    def _let_go(self, attachment_id: AttachmentId) -> None:
        del self._tasks[attachment_id]
        del self._deliveries[attachment_id]
        del self._owners[attachment_id]

    async def _until_ended(self, attachment_id: AttachmentId) -> None:
        tries = lost = 0
        while True:
            try:
                await self._once(attachment_id, last_chance=lost >= MAX_LOST)
            except (Retryable, Fatal) as error:
                # What an operator must see to is no fault of the file either: it waits.
                lost += isinstance(error, SandboxLost)
                pause = max(asked_s(error), RETRY_S[min(tries, len(RETRY_S) - 1)])
                tries += 1
                log.warning("ingest.retry", attachment_id=attachment_id, reason=error.code, pause_s=pause)
                await asyncio.sleep(pause)
            else:
                return

    async def _once(self, attachment_id: AttachmentId, *, last_chance: bool) -> None:
        async with self._turn(attachment_id) as place:
            if place is not None:
                await self._see_through(attachment_id, place, last_chance=last_chance)

    @asynccontextmanager
    async def _turn(self, attachment_id: AttachmentId) -> AsyncIterator[Place | None]:
        """Both the right to it among all processes and a place in this one; none is kept by what waits for another
        process, which may be reading a long file."""
        store, holder = self._deps.store, self._incarnation
        if self._deliveries[attachment_id]:
            async with held(store, attachment_id, holder, waits=True), self._places.taken() as place:
                yield place
        else:  # the sweep found it: where another process has it, this one is not needed
            async with self._places.taken() as place, held(store, attachment_id, holder, waits=False) as mine:
                yield place if mine else None

    async def _see_through(self, attachment_id: AttachmentId, place: Place, *, last_chance: bool) -> None:
        attachment = await self._deps.store.get_attachment(attachment_id)
        if attachment is None:
            await self._clear_away(attachment_id)
            return
        if attachment.state is AttachmentState.UPLOADING:
            return
        if attachment.state in ENDED:
            await self._ended(attachment)  # its event or release may have been lost
            return
        self._owners[attachment_id] = attachment.owner_id
        try:
            outcome = await self._outcome(attachment, place, last_chance=last_chance)
        except Superseded:
            await self._withdraw(attachment)
            return
        self._deps.metrics.add(INGEST_FILES, outcome)
        log.info("ingest.ended", attachment_id=attachment_id, outcome=outcome)
        await self._deps.line.release(attachment.owner_id)

    async def _outcome(self, attachment: Attachment, place: Place, *, last_chance: bool) -> str:
        """``indexed``, ``taken_over`` or the code of the failure. Raises `Retryable`, `Superseded`."""
        try:
            read = await self._indexer.index(attachment, place)
        except SandboxLost:
            if not last_chance:
                raise
            return await self._fail(attachment, TooComplex.code, f"“{attachment.name}” is too complex to be read.")
        except (Retryable, Fatal, Superseded):
            raise
        except NotFound:
            return await self._fail(attachment, NotFound.code, f"“{attachment.name}” is no longer in the file store.")
        except Rejected as error:
            return await self._fail(attachment, error.code, error.message)
        except Exception:
            # A fault of ours in reading one file must end that file only: its question waits for it.
            log.exception("ingest.failed", attachment_id=attachment.id)
            return await self._fail(
                attachment,
                TokenlineError.code,
                f"“{attachment.name}” could not be read because of a fault on our side.",
            )
        return AttachmentState.INDEXED.value if read else TAKEN_OVER

    async def _withdraw(self, attachment: Attachment) -> None:
        """Delete what was written of a file that somebody deleted meanwhile, or ended.

        Whoever indexed it, while this process was thought dead, wrote the same passages: they stay.
        """
        current = await self._deps.store.get_attachment(attachment.id)
        if current is not None and current.state is AttachmentState.INDEXED:
            return
        if current is None:
            await self._clear_away(attachment.id)
        else:
            await self._deps.vectors.delete(attachment.owner_id, [attachment.id])

    async def _clear_away(self, attachment_id: AttachmentId) -> None:
        """Delete what was written of one that is deleted, perhaps by a process that was killed before it did so."""
        await self._deps.vectors.refresh()
        owner_id = self._owners[attachment_id]
        if owner_id is not None:
            await self._deps.vectors.delete(owner_id, [attachment_id])
        await forget_derived(self._deps.files, attachment_id)

    async def _fail(self, attachment: Attachment, code: str, message: str) -> str:
        error = ErrorInfo(code=code, message=message, detail={"name": attachment.name})
        await self._progress.advance(attachment.id, AttachmentState.FAILED, error=error)
        return code

    async def _ended(self, attachment: Attachment) -> None:
        await self._progress.tell(attachment)
        await self._deps.line.release(attachment.owner_id)


async def _acknowledge(deliveries: list[Delivery]) -> None:
    while deliveries:
        await deliveries.pop().ack()
