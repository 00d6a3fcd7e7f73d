"""That an answer has begun is written beside its text, or with its end where that comes first."""

import asyncio
from typing import Any, cast

import pytest

from services.agent_worker import run as running
from services.agent_worker.run import Run, Stop
from tests.integration.line.conftest import Houses
from tests.integration.line.house import House
from tests.integration.line.test_crash_points import until_called
from tests.support.broker import eventually
from tests.support.in_process.processes import Worker
from tokenline.adapters.store_sqlite import lane
from tokenline.contracts.chat import Message
from tokenline.contracts.errors import ModelRejected, StoreUnavailable
from tokenline.contracts.tickets import Ticket, TicketState
from tokenline.core.ports.store import Store, Written

CLAIMED = 2
"""The version of a ticket that was queued and claimed."""


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is written for patience running out, unless a test says so."""
    monkeypatch.setattr(lane, "PATIENCE_S", 60)


async def begun(house: House, worker: Worker) -> tuple[Ticket, Run]:
    """An answer with its first text out, and more to come."""
    gateway = await house.gateway("gateway")
    ticket = await house.ask(gateway, "ann", "q")
    await until_called(house.puppet, "q")
    await house.idle(gateway)
    run = worker.intake.runs[ticket.id]
    house.puppet.under_way[0].step()
    await eventually(lambda: has_begun(run))
    return ticket, run


async def has_begun(run: Run) -> bool:
    return run._first_at is not None


async def ended(house: House, ticket: Ticket) -> Ticket:
    await eventually(house.at_rest)
    return await house.ticket(ticket.id)


async def test_an_answer_that_ends_first_does_not_wait_and_says_when_it_began(houses: Houses) -> None:
    async with houses() as house:
        ticket, run = await begun(house, await house.worker("worker"))
        assert (await house.ticket(ticket.id)).state is TicketState.PROCESSING
        house.puppet.let_go()
        over = await ended(house, ticket)
        assert (over.state, over.version) == (TicketState.COMPLETE, CLAIMED + 1)
        assert over.first_token_at == run._first_at
        await house.the_law_holds()


async def test_an_answer_that_is_stopped_says_when_it_began(houses: Houses) -> None:
    async with houses() as house:
        ticket, run = await begun(house, await house.worker("worker"))
        run.stop(Stop.CANCELLED)
        over = await ended(house, ticket)
        assert (over.state, over.version) == (TicketState.CANCELLED, CLAIMED + 1)
        assert over.first_token_at == run._first_at


async def test_the_next_write_takes_it_along(houses: Houses) -> None:
    async with houses() as house:
        ticket, run = await begun(house, await house.worker("worker"))
        await house.store.ping()
        streaming = await house.ticket(ticket.id)
        assert (streaming.state, streaming.first_token_at) == (TicketState.STREAMING, run._first_at)
        house.puppet.let_go()
        over = await ended(house, ticket)
        assert (over.state, over.version) == (TicketState.COMPLETE, CLAIMED + 2)
        assert over.first_token_at == run._first_at


async def test_it_is_written_in_time_though_nothing_else_is(houses: Houses, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane, "PATIENCE_S", 0.01)
    async with houses() as house:
        ticket, _ = await begun(house, await house.worker("worker"))

        async def streams() -> bool:
            return (await house.ticket(ticket.id)).state is TicketState.STREAMING

        await eventually(streams)


async def test_what_fails_says_first_that_it_had_begun(houses: Houses, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane, "PATIENCE_S", 0.01)
    async with houses() as house:
        ticket, run = await begun(house, await house.worker("worker"))
        house.puppet.under_way[0].fail(ModelRejected("No."))
        over = await ended(house, ticket)
        assert (over.state, over.first_token_at) == (TicketState.ERROR, run._first_at)


class Unheard:
    """A store that writes a beginning at once, and does not say so."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def replace_ticket(self, ticket: Ticket, *messages: Any, patient: bool = False) -> Written | None:
        written = await self._store.replace_ticket(ticket, *messages)
        if patient:
            await asyncio.Event().wait()
        return written


async def test_a_beginning_that_was_written_unheard_is_ended_all_the_same(houses: Houses) -> None:
    async with houses() as house:
        worker = await house.worker("worker", store=cast(Store, Unheard(house.store)))
        ticket, run = await begun(house, worker)

        async def streams() -> bool:
            return (await house.ticket(ticket.id)).state is TicketState.STREAMING

        await eventually(streams)
        house.puppet.let_go()
        over = await ended(house, ticket)
        assert (over.state, over.version) == (TicketState.COMPLETE, CLAIMED + 2)
        assert over.first_token_at == run._first_at
        await house.the_law_holds()


async def test_a_worker_that_dies_before_it_is_written_loses_nothing(houses: Houses) -> None:
    async with houses() as house:
        worker = await house.worker("worker")
        ticket, _ = await begun(house, worker)
        await house.kill(worker)
        assert (await house.ticket(ticket.id)).state is TicketState.PROCESSING
        await house.quiet(*house.gateways)
        over = await house.ticket(ticket.id)
        assert (over.state, over.attempt) == (TicketState.COMPLETE, 2)
        await house.the_law_holds()


class Refusing:
    """A store that has no time for what is not urgent."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def replace_ticket(self, ticket: Ticket, *messages: Message, patient: bool = False) -> Written | None:
        if patient:
            raise StoreUnavailable
        return await self._store.replace_ticket(ticket, *messages)


async def test_a_beginning_that_could_not_be_written_delays_no_end(
    houses: Houses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "STORE_RETRY_S", 60)
    async with houses() as house:
        worker = await house.worker("worker", store=cast(Store, Refusing(house.store)))
        ticket, run = await begun(house, worker)
        house.puppet.let_go()
        over = await ended(house, ticket)
        assert over.first_token_at == run._first_at
