"""The ingest service in the test's own process, on real RabbitMQ, SQLite, files and vectors."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx2
import msgspec

from services.ingest.__main__ import build_deps
from services.ingest.app import create_app
from services.ingest.deps import Deps
from services.ingest.settings import IngestSettings
from tests.support.drafts import a_conversation, an_id
from tokenline.adapters.broker_rabbitmq import RabbitBroker
from tokenline.contracts.attachments import Attachment, AttachmentState, IngestJob, Passage, SearchAnswer, SearchRequest
from tokenline.contracts.base import pack, to_json
from tokenline.contracts.chat import Conversation
from tokenline.contracts.errors import NotFound
from tokenline.contracts.events import AttachmentChanged, unpack_events
from tokenline.contracts.topology import INGEST, INGEST_QUEUE, event_queue
from tokenline.core.file_keys import file_key
from tokenline.core.ports.broker import Delivery

TOKEN = "a service token for tests"


class Ingest:
    """``async with`` it. `events` holds every change that was told, in order."""

    def __init__(self, folder: Path, amqp_url: str, **settings: Any) -> None:
        self.settings = IngestSettings(AMQP_URL=amqp_url, data_dir=folder, service_token=TOKEN, **settings)
        self.deps: Deps = build_deps(self.settings)
        self.app = create_app(self.settings, self.deps)
        self.events: list[Attachment] = []
        self._told = asyncio.Condition()
        self._outside = RabbitBroker(amqp_url, "test")
        self._at_end = AsyncExitStack()

    async def __aenter__(self) -> "Ingest":
        await self._outside.connect()
        await self._outside.declare(INGEST_QUEUE)
        await self._outside.consume(event_queue("test", "attachment.*"), self._hear, prefetch=100)
        self._at_end.push_async_callback(self._outside.close)
        await self._at_end.enter_async_context(self.app.router.lifespan_context(self.app))
        transport = httpx2.ASGITransport(self.app)
        headers = {"authorization": f"Bearer {TOKEN}"}
        client = httpx2.AsyncClient(transport=transport, base_url="http://ingest", headers=headers)
        self.http = await self._at_end.enter_async_context(client)
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._at_end.aclose()

    async def _hear(self, delivery: Delivery) -> None:
        async with self._told:
            for event in unpack_events(delivery.body):
                assert isinstance(event, AttachmentChanged)
                self.events.append(event.attachment)
            self._told.notify_all()
        await delivery.ack()

    async def conversation(self, owner: str = "ann") -> Conversation:
        draft = a_conversation(self.deps.clock, owner)
        await self.deps.store.create_conversation(draft)
        return draft

    async def upload(
        self, data: bytes, name: str, conversation: Conversation, *, publish: bool = True, age_s: float = 0
    ) -> Attachment:
        """As the gateway does it. ``publish`` false: the job was lost."""
        attachment = Attachment(
            id=an_id(self.deps.clock),
            owner_id=conversation.owner_id,
            conversation_id=conversation.id,
            name=name,
            size_bytes=len(data),
            mime_type="application/octet-stream",
            state=AttachmentState.QUEUED,
            created_at=self.deps.clock.now() - age_s,
        )
        await self.deps.files.put(file_key(attachment.id), _once(data))
        await self.deps.store.add_attachment(attachment)
        if publish:
            await self.publish(attachment)
        return attachment

    async def publish(self, attachment: Attachment) -> None:
        job = pack(IngestJob(attachment_id=attachment.id, owner_id=attachment.owner_id))
        await self._outside.publish(INGEST.name, INGEST_QUEUE.routing_keys[0], job)

    async def publish_raw(self, body: bytes) -> None:
        await self._outside.publish(INGEST.name, INGEST_QUEUE.routing_keys[0], body)

    async def told(self, attachment: Attachment, *states: AttachmentState, limit_s: float = 60) -> Attachment:
        """Wait until one of the states was told of it."""
        async with asyncio.timeout(limit_s), self._told:
            await self._told.wait_for(lambda: self._find(attachment, states) is not None)
        found = self._find(attachment, states)
        assert found is not None
        return found

    async def ended(self, attachment: Attachment) -> Attachment:
        return await self.told(attachment, AttachmentState.INDEXED, AttachmentState.FAILED)

    def _find(self, attachment: Attachment, states: Sequence[AttachmentState]) -> Attachment | None:
        return next((told for told in self.events if told.id == attachment.id and told.state in states), None)

    async def search(
        self, conversation: Conversation, query: str, top_k: int = 5, *, opening: bool = False
    ) -> tuple[Passage, ...]:
        asked = SearchRequest(
            owner_id=conversation.owner_id,
            conversation_id=conversation.id,
            query=query,
            top_k=top_k,
            opening=opening,
        )
        answer = await self.http.post("/search", content=to_json(asked))
        answer.raise_for_status()
        return msgspec.json.decode(answer.content, type=SearchAnswer).items

    async def stored(self, key: str) -> bytes | None:
        """What the file store has under this key."""
        try:
            return b"".join([part async for part in self.deps.files.get(key)])
        except NotFound:
            return None

    async def waiting(self) -> int:
        """Jobs in the queue that nobody has."""
        return await self._outside.depth(INGEST_QUEUE)


async def _once(data: bytes) -> Any:
    yield data
