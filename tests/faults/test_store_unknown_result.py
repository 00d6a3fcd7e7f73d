"""F32: a write is done, and who asked for it is told that it failed. Nothing is done twice for that."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.agent_worker import intake, run
from services.gateway.accept import Question
from services.gateway.live import Cursor
from tests.support.broker import eventually
from tests.support.in_process.fuse import shaky_store
from tests.support.in_process.processes import Gateway, Process, Worker, principal
from tests.support.in_process.puppet import Puppet, whole
from tokenline.adapters.broker_rabbitmq import RabbitBroker
from tokenline.adapters.store_sqlite import SqliteStore
from tokenline.contracts.errors import ModelOverloaded, StoreUnavailable
from tokenline.contracts.metrics import FENCED
from tokenline.contracts.tickets import Ticket, TicketState
from tokenline.core import retry
from tokenline.core.clock import ManualClock
from tokenline.core.ports.store import Accepted, Store

SWEEP_S = 7.0
"""More than the keeper leaves to whoever publishes by himself."""
TOLD_S = 15.0


class Bench:
    """A gateway and a worker on RabbitMQ; the next write of a kind that was named is done, and reported as failed."""

    def __init__(self, folder: Path, amqp_url: str) -> None:
        self.clock = ManualClock()
        self.puppet = Puppet(free=True)
        self.unknown: list[object] = []
        """Names of calls, and states of tickets that are written."""
        self.store: Store = SqliteStore(folder / "tokenline.db", self.clock)
        store = shaky_store(self.store, self._judge)
        self.gateway = Gateway("gateway", store, RabbitBroker(amqp_url, "gateway"), self.clock)
        self.worker = Worker("worker", store, RabbitBroker(amqp_url, "worker"), self.puppet, self.clock)
        self.processes: list[Process] = [self.gateway, self.worker]

    def _judge(self, name: str, arguments: tuple[Any, ...]) -> str | None:
        kind = arguments[0].state if name == "replace_ticket" else name
        kind = TicketState.PROCESSING if name == "claim_ticket" else kind
        if kind not in self.unknown:
            return None
        self.unknown.remove(kind)
        return "after"

    async def ask(self, content: str, conversation: str | None = None) -> Accepted:
        question = Question(content=content, client_message_id=content, conversation_id=conversation)
        return await self.gateway.ask("ann", question)

    async def told(self, accepted: Accepted) -> str:
        """The type of the last frame that a follower gets."""
        last: Any = None
        ticket = await self.store.get_ticket(accepted.ticket.id)
        assert ticket is not None
        async with asyncio.timeout(TOLD_S):
            async for frame in self.gateway.tickets.frames(principal("ann"), ticket, Cursor(), TOLD_S):
                if frame is not None and not isinstance(frame, str):
                    last = frame.__struct_config__.tag
        return str(last)

    async def state_of(self, ticket: Ticket) -> tuple[TicketState, int]:
        stored = await self.store.get_ticket(ticket.id)
        assert stored is not None
        return stored.state, stored.attempt

    async def one_answer(self, accepted: Accepted, question: str, *, attempts: int = 1) -> None:
        """All of the last call, of as many as attempts; all writes failed that were to, and nobody was fenced."""
        assert self.unknown == []
        assert await self.state_of(accepted.ticket) == (TicketState.COMPLETE, attempts)
        assert self.puppet.calls[question] == attempts
        messages = (await self.store.messages(accepted.conversation.id)).items
        answers = [message.content for message in messages if message.ticket_id == accepted.ticket.id][1:]
        assert answers == [whole(question, attempts)]
        assert f"{FENCED.name} 0.0" in self.worker.metrics.exposition().decode()


@pytest.fixture
async def bench(tmp_path: Path, amqp_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    for module in (intake, run):
        monkeypatch.setattr(module, "STORE_RETRY_S", 0.05)
    monkeypatch.setattr(retry, "BASE_S", 0.01)
    bench = Bench(tmp_path, amqp_url)
    await bench.store.open()
    try:
        for process in bench.processes:
            await process.start()
        yield bench
    finally:
        for process in bench.processes:
            await process.kill()
        await bench.store.close()


async def test_f32_a_claim_of_unknown_result_is_read_back(bench: Bench) -> None:
    """The claim that was written is found, and none is written after it."""
    bench.unknown.append(TicketState.PROCESSING)
    accepted = await bench.ask("q")
    assert await bench.told(accepted) == "complete"
    await bench.one_answer(accepted, "q")


async def test_f32_the_beginning_of_a_stream(bench: Bench) -> None:
    bench.puppet.free = False
    bench.unknown.append(TicketState.STREAMING)
    accepted = await bench.ask("q")

    async def called() -> bool:
        return bool(bench.puppet.under_way)

    async def begun() -> bool:
        return await bench.state_of(accepted.ticket) == (TicketState.STREAMING, 1)

    await eventually(called)
    bench.puppet.under_way[0].step()
    await eventually(begun)
    bench.puppet.let_go()
    assert await bench.told(accepted) == "complete"
    await bench.one_answer(accepted, "q")


async def test_f32_the_last_write_is_found_again_and_told_at_once(bench: Bench) -> None:
    """Whoever follows hears of the end, and the next question goes on, without the keeper."""
    bench.unknown.append(TicketState.COMPLETE)
    accepted = await bench.ask("q1")
    following = await bench.ask("q2", accepted.conversation.id)
    began = time.monotonic()
    assert await bench.told(accepted) == "complete"
    took_s = time.monotonic() - began
    assert await bench.told(following) == "complete"
    print(f"F32: told of the end {took_s:.2f} s after asking")
    await bench.one_answer(accepted, "q1")
    await bench.one_answer(following, "q2")


async def test_f32_a_question_sent_again_is_the_same_ticket(bench: Bench) -> None:
    bench.unknown.append("accept")
    with pytest.raises(StoreUnavailable):
        await bench.ask("q")
    accepted = await bench.ask("q")
    assert not accepted.created
    bench.clock.advance(SWEEP_S)
    await bench.worker.leases.renew()
    await bench.gateway.keeper.sweep()
    assert await bench.told(accepted) == "complete"
    await bench.one_answer(accepted, "q")


async def test_f32_a_question_that_nobody_sends_again_is_answered_all_the_same(bench: Bench) -> None:
    """Its user was told that nothing was saved; a ticket that was saved is kept."""
    bench.unknown.append("accept")
    with pytest.raises(StoreUnavailable):
        await bench.ask("q")
    [ticket] = await bench.store.live_tickets()
    bench.clock.advance(SWEEP_S)
    await bench.worker.leases.renew()
    await bench.gateway.keeper.sweep()

    async def answered() -> bool:
        return await bench.state_of(ticket) == (TicketState.COMPLETE, 1)

    await eventually(answered)
    assert bench.puppet.calls["q"] == 1


async def test_f32_a_pause_of_unknown_result_is_ended_by_the_keeper(bench: Bench) -> None:
    bench.puppet.failures["q"] = [ModelOverloaded()]
    bench.unknown.append(TicketState.HELD)
    accepted = await bench.ask("q")

    async def paused() -> bool:
        return await bench.state_of(accepted.ticket) == (TicketState.HELD, 1) and not bench.worker.intake.runs

    await eventually(paused)
    bench.clock.advance(SWEEP_S)
    await bench.worker.leases.renew()
    await bench.gateway.keeper.sweep()
    assert await bench.told(accepted) == "complete"
    assert await bench.state_of(accepted.ticket) == (TicketState.COMPLETE, 2)
    assert bench.puppet.calls["q"] == 2


async def test_f32_a_cancel_of_unknown_result(bench: Bench) -> None:
    bench.puppet.free = False
    accepted = await bench.ask("q")

    async def called() -> bool:
        return bool(bench.puppet.under_way)

    await eventually(called)
    bench.unknown.append(TicketState.CANCELLED)
    await bench.gateway.tickets.stop(principal("ann"), accepted.ticket.id)
    assert await bench.told(accepted) == "cancelled"
    assert await bench.state_of(accepted.ticket) == (TicketState.CANCELLED, 1)
    assert bench.puppet.calls["q"] == 1
