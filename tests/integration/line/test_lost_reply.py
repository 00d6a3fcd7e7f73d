"""A terminal reply that is lost costs a moment: an event tells of the end, too, and the gateway looks for it."""

import asyncio
from pathlib import Path

import pytest

from services.agent_worker import intake
from services.gateway.accept import Question
from services.gateway.live import Cursor
from services.gateway.streams import QUIET_S
from tests.support.in_process.processes import Worker, principal
from tests.support.in_process.puppet import Puppet, whole
from tests.support.in_process.whole_gateway import whole_gateway
from tokenline.adapters.broker_memory import MemoryBroker, MemoryServer
from tokenline.contracts.frames import Complete
from tokenline.core.clock import SystemClock


async def test_an_end_whose_reply_is_lost_is_told_before_the_answer_counts_as_quiet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost: list[str] = []
    monkeypatch.setattr(intake, "tell_ended", lambda deps, ticket, *_: lost.append(ticket.id))
    server, puppet = MemoryServer(), Puppet(free=True)
    async with whole_gateway(tmp_path, server) as gateway:
        deps = gateway.deps
        worker = Worker("worker", deps.store, MemoryBroker(server), puppet, SystemClock(), agents=deps.agents)
        await worker.start()
        ann = principal("ann")
        accepted = await deps.acceptance.ask(ann, Question(content="q"))
        async with asyncio.timeout(QUIET_S - 0.5):
            frames = [frame async for frame in deps.tickets.frames(ann, accepted.ticket, Cursor(), QUIET_S)]
        last = frames[-1]
        assert isinstance(last, Complete)
        assert (last.length, lost) == (len(whole("q", 1)), [accepted.ticket.id])
        await worker.kill()
