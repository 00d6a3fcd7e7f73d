"""Ingest processes in the test's event loop: the real parts on a real SQLite file, folder and embedded engine, with a
broker in memory and an embedding model of letters. Only what reads files in children is replaced: it gives texts as
they are.

A `Premises` is what outlives processes. They share one embedded engine, which in truth only one process may have at a
time, or a Qdrant server (`server`), each with a client of its own.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any, BinaryIO, cast

from qdrant_client import AsyncQdrantClient
from qdrant_client.http.exceptions import UnexpectedResponse

from services.ingest.app import METRICS
from services.ingest.chunk import cut
from services.ingest.deps import Deps
from services.ingest.embedders import Embedders
from services.ingest.extract.answers import Extracted
from services.ingest.extract.sandbox import Sandbox
from services.ingest.indexes import Indexes
from services.ingest.jobs import Jobs
from tests.support.drafts import a_conversation, an_attachment, an_id
from tests.support.in_process.fuse import Died, fused
from tokenline.adapters.broker_memory import MemoryBroker, MemoryServer
from tokenline.adapters.engine_edge import EdgeEngine
from tokenline.adapters.engine_qdrant import QdrantEngine
from tokenline.adapters.files_obstore import ObstoreFiles
from tokenline.adapters.store_sqlite import SqliteStore
from tokenline.contracts.attachments import Attachment, AttachmentState, IngestJob, SearchRequest
from tokenline.contracts.base import pack
from tokenline.contracts.errors import NotFound, SearchUnavailable, StoreUnavailable
from tokenline.contracts.events import AttachmentChanged, unpack_events
from tokenline.contracts.texts import ExtractedText
from tokenline.contracts.topology import INGEST, INGEST_QUEUE, event_queue
from tokenline.contracts.vectors import Layout
from tokenline.core.clock import ManualClock
from tokenline.core.file_keys import file_key, text_key
from tokenline.core.ports.broker import Delivery
from tokenline.core.ports.vectors import VectorEngine
from tokenline.runtime.line import Line
from tokenline.runtime.metrics import Metrics
from tokenline.runtime.supervisor import Supervisor

OLD, NEW = Layout(model="old", dimension=3), Layout(model="new", dimension=4)
OWNER = "ann"
LONGER_THAN_LEASES_S = 60.0


class Fault:
    """Something goes wrong at the n-th call, once. ``how``: ``killed`` (after the call was done), ``before`` or
    ``after`` it was done with an error for the caller."""

    def __init__(self, at: int | None = None, how: str = "killed") -> None:
        self.at = at
        self.how = how
        self.calls: list[str] = []
        self.struck = False

    def arm(self, at: int | None, how: str) -> None:
        """Count from here."""
        self.calls.clear()
        self.at, self.how = at, how

    def strikes(self, name: str) -> bool:
        if self.struck and self.how == "killed":
            raise Died(name)
        self.calls.append(name)
        self.struck = self.struck or len(self.calls) == self.at
        return len(self.calls) == self.at

    def kill(self) -> None:
        self.struck, self.how = True, "killed"

    @property
    def dead(self) -> bool:
        return self.struck and self.how == "killed"


class _Port:
    """What `fused` asks to make a call. ``error`` is how this port fails."""

    def __init__(self, fault: Fault, error: type[Exception]) -> None:
        self._fault = fault
        self._error = error

    async def call(self, name: str, work: Callable[..., Awaitable[Any]], *arguments: Any, **options: Any) -> Any:
        if name == "tell":  # may be lost at any time
            return await work(*arguments, **options)
        strikes = self._fault.strikes(name)
        if strikes and self._fault.how == "before":
            raise self._error
        result = await work(*arguments, **options)
        if strikes or self._fault.dead:
            raise Died(name) if self._fault.dead else self._error
        return result


class _Files:
    """`fused` knows no generators."""

    def __init__(self, files: ObstoreFiles, port: _Port) -> None:
        self._files = files
        self._port = port
        self.delete = fused(files, cast(Any, port)).delete
        self.put = fused(files, cast(Any, port)).put

    async def get(self, key: str) -> AsyncIterator[bytes]:
        async def nothing() -> None: ...

        await self._port.call("get", nothing)
        async with aclosing(cast(Any, self._files.get(key))) as parts:
            async for part in parts:
                yield part


class _Engine:
    def __init__(self, engine: VectorEngine, port: _Port) -> None:
        self._engine = engine
        self._port = port
        self.collections = fused(engine, cast(Any, port)).collections
        self.drop = fused(engine, cast(Any, port)).drop

    async def index(self, layout: Layout) -> Any:
        return fused(await self._port.call("index", self._engine.index, layout), cast(Any, self._port))


class _Delivery:
    def __init__(self, delivery: Delivery, fault: Fault, broker: MemoryBroker) -> None:
        self.body = delivery.body
        self.redelivered = delivery.redelivered
        self.priority = delivery.priority
        self._delivery = delivery
        self._fault = fault
        self._broker = broker

    async def ack(self) -> bool:
        """One that does not arrive is lost with its connection."""
        strikes = self._fault.strikes("ack")
        if strikes and self._fault.how == "before":
            self._broker.lose_connection()
        done = await self._delivery.ack()
        if self._fault.dead:
            raise Died("ack")
        return done


class _Broker:
    def __init__(self, broker: MemoryBroker, fault: Fault) -> None:
        self._broker = broker
        self._fault = fault

    def __getattr__(self, name: str) -> Any:
        return getattr(self._broker, name)

    async def consume(self, queue: Any, handler: Any, **options: Any) -> Any:
        def handle(delivery: Delivery) -> Any:
            return handler(_Delivery(delivery, self._fault, self._broker))

        return await self._broker.consume(queue, handle, **options)


class Letters:
    """Counts of some letters. What has an "!" is refused for good."""

    def __init__(self, model: str) -> None:
        self._letters = {"old": "aei", "new": "aeio"}[model]

    async def embed(self, texts: Sequence[str], *, tries: int = 1) -> list[list[float] | None]:
        return [None if "!" in text else [1.0 + text.count(letter) for letter in self._letters] for text in texts]

    async def close(self) -> None: ...


class AsItIs:
    """Stands for the sandbox: a file is its text. ``gate`` holds readers up. Each reads differently as far as it says,
    so that nothing is taken over from another's files."""

    def __init__(self, reads_by: str) -> None:
        self.reads_by = (reads_by,)
        self.gate: asyncio.Event | None = None
        self.reading = asyncio.Event()
        self.read = 0

    async def extract(self, spool: BinaryIO, name: str, tell: Any) -> Extracted:
        self.read += 1
        self.reading.set()
        if self.gate is not None:
            await self.gate.wait()
        spool.seek(0)
        text = ExtractedText(mime_type="text/plain", text=spool.read().decode())
        return Extracted(text=text, spans=tuple(cut(text)))


class _AsServer:
    """The client's local mode says otherwise than a server that there is no such collection."""

    def __init__(self, client: AsyncQdrantClient) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)

        async def call(*arguments: Any, **options: Any) -> Any:
            try:
                return await found(*arguments, **options)
            except ValueError as error:
                raise UnexpectedResponse(404, str(error), b"", cast(Any, {})) from error

        return call


def a_server() -> AsyncQdrantClient:
    return AsyncQdrantClient(":memory:")


class Premises:
    def __init__(self, folder: Path, server: AsyncQdrantClient | None = None) -> None:
        self._qdrant = server
        self.clock = ManualClock()
        self.store = SqliteStore(folder / "store.db", self.clock)
        self.files = ObstoreFiles(folder / "files")
        self.engine: VectorEngine = EdgeEngine(folder / "vectors") if server is None else self.connected()
        self.server = MemoryServer()
        self.told: list[Attachment] = []
        self._outside = MemoryBroker(self.server)

    async def __aenter__(self) -> "Premises":
        await self.store.open()
        await self._outside.connect()
        await self._outside.declare(INGEST_QUEUE)
        await self._outside.consume(event_queue("test", "attachment.*"), self._hear, prefetch=100)
        self.conversation = a_conversation(self.clock, OWNER)
        await self.store.create_conversation(self.conversation)
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._outside.close()
        await self.engine.close()
        await self.store.close()

    def connected(self) -> VectorEngine:
        """For a process."""
        return self.engine if self._qdrant is None else QdrantEngine(cast(AsyncQdrantClient, _AsServer(self._qdrant)))

    async def _hear(self, delivery: Delivery) -> None:
        for event in unpack_events(delivery.body):
            assert isinstance(event, AttachmentChanged)
            self.told.append(event.attachment)

    async def upload(self, text: str, *, publish: bool = True) -> Attachment:
        async def once() -> AsyncIterator[bytes]:
            yield text.encode()

        state = AttachmentState.QUEUED
        file = an_attachment(self.clock, OWNER, state=state, conversation_id=self.conversation.id, chunks=None)
        await self.files.put(file_key(file.id), once())
        await self.store.add_attachment(file)
        if publish:
            await self.publish(file)
        return file

    async def publish(self, file: Attachment) -> None:
        job = pack(IngestJob(attachment_id=file.id, owner_id=file.owner_id))
        await self._outside.publish(INGEST.name, INGEST_QUEUE.routing_keys[0], job)

    async def kept_text(self, file: Attachment) -> bytes | None:
        try:
            return b"".join([part async for part in self.files.get(text_key(file.id))])
        except NotFound:
            return None

    async def passages(self, file: Attachment, layout: Layout) -> list[str]:
        """What the index has of it, in its order."""
        index = await self.engine.index(layout)
        return [hit.content for hit in await index.opening(OWNER, [file.id], 50)]

    async def alike(self, file: Attachment, layout: Layout) -> int:
        """How many of its passages have a vector of the model."""
        index = await self.engine.index(layout)
        vector: list[float] = [1.0] * (layout.dimension or 0)
        return len(await index.search(OWNER, [file.id], "", vector, 50))

    def jobs_left(self) -> int:
        queue = self.server.queues[INGEST_QUEUE.name]
        return queue.depth + queue.in_hand


class Process:
    def __init__(self, premises: Premises, layout: Layout = OLD, *, reads_by: str | None = None) -> None:
        self.fault = Fault()
        self.sandbox = AsItIs(reads_by or an_id(premises.clock))
        self._premises = premises
        store_port, search_port = _Port(self.fault, StoreUnavailable), _Port(self.fault, SearchUnavailable)
        broker = MemoryBroker(premises.server)
        self.broker = cast(MemoryBroker, _Broker(broker, self.fault))
        store = fused(premises.store, cast(Any, store_port))
        metrics = Metrics(*METRICS)
        engine = cast(VectorEngine, _Engine(premises.connected(), search_port))
        embedders = Embedders(
            lambda model: fused(Letters(model), cast(Any, search_port)), layout, premises.clock, metrics
        )
        self.deps = Deps(
            store=store,
            broker=self.broker,
            files=cast(Any, _Files(premises.files, store_port)),
            vectors=Indexes(store, engine, embedders),
            sandbox=cast(Sandbox, self.sandbox),
            line=Line(store, self.broker, user_limit=2),
            clock=premises.clock,
            metrics=metrics,
        )
        self.supervisor = Supervisor()
        self.jobs = Jobs(self.deps, an_id(premises.clock), self.supervisor, 2)

    async def start(self) -> "Process":
        await self.deps.vectors.open()
        await self.broker.connect()
        await self.jobs.consume()
        return self

    async def idle(self) -> None:
        """Return when nothing is left to do, or when it is dead."""
        async with asyncio.timeout(30):
            while not self.fault.dead and (self._premises.jobs_left() or self.jobs._tasks):
                await asyncio.sleep(0)
                if self.jobs._tasks:
                    await asyncio.wait(list(self.jobs._tasks.values()), return_when=asyncio.FIRST_COMPLETED)

    async def end(self) -> None:
        """As a kill does it, unless it is dead already: what it has in hand goes back to the queue."""
        if not self.fault.dead:
            await self.deps.line.announcer.flush()
        self.fault.kill()
        await self.supervisor.__aexit__(None, None, None)
        await self.broker.close()
        await self.deps.line.announcer.flush()  # to nobody
        self._premises.clock.advance(LONGER_THAN_LEASES_S)

    async def finds(self, query: str) -> list[str]:
        from services.ingest.search import find

        asked = SearchRequest(owner_id=OWNER, conversation_id=self._premises.conversation.id, query=query)
        return [hit.content for hit in await find(self.deps, asked)]
