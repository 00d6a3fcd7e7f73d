"""Which files are being read, in one process."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

from services.ingest.jobs import Jobs
from tokenline.adapters.broker_memory import MemoryBroker, MemoryServer
from tokenline.contracts.attachments import IngestJob
from tokenline.contracts.base import pack
from tokenline.contracts.ids import AttachmentId, Incarnation, UserId
from tokenline.core.clock import ManualClock
from tokenline.runtime.line import Line
from tokenline.runtime.supervisor import Supervisor


class Nothing:
    """A store, a file store and an index with nothing in them, which answer without a pause."""

    def __getattr__(self, name: str) -> Any:
        async def nothing(*_: object) -> object:
            return name == "renew_lease" or None

        return nothing


class Delivery:
    body = pack(IngestJob(attachment_id=AttachmentId("a")))

    def __init__(self) -> None:
        self.acknowledged = asyncio.Event()

    async def ack(self) -> None:
        self.acknowledged.set()


async def test_one_that_is_forgotten_before_its_first_step_takes_no_place_for_ever() -> None:
    store = cast(Any, Nothing())
    deps = SimpleNamespace(
        store=store,
        files=Nothing(),
        vectors=Nothing(),
        line=Line(store, MemoryBroker(MemoryServer()), user_limit=2),
        clock=ManualClock(),
    )
    async with Supervisor() as supervisor:
        jobs = Jobs(cast(Any, deps), Incarnation("i"), supervisor, 2)
        first, again = Delivery(), Delivery()
        await jobs.offer(cast(Any, first))
        await jobs.forget(UserId("ann"), [AttachmentId("a")])
        await jobs.offer(cast(Any, again))
        async with asyncio.timeout(10):
            await first.acknowledged.wait()
            await again.acknowledged.wait()
