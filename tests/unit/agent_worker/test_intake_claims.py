"""From an offer to a run: one call to the store where nothing speaks against it, and no claim without its run (F32)."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import cast

import pytest

from services.agent_worker import intake
from services.agent_worker.deps import Deps
from services.agent_worker.intake import Intake
from services.agent_worker.run import Run
from services.agent_worker.settings import WorkerSettings
from tests.unit.test_core_ticket import ticket
from tokenline.contracts.errors import StoreUnavailable
from tokenline.contracts.ids import TicketId
from tokenline.contracts.tickets import Ticket, TicketOffer, TicketState
from tokenline.core import ticket as moves
from tokenline.core.ports.broker import Delivery
from tokenline.core.ports.store import Asked, Offered, TicketChange
from tokenline.runtime.supervisor import Supervisor

ASKED = Asked(question=None, attachments=())
OFFER = TicketOffer(ticket_id="t", publish_no=1)
QUEUED = ticket(TicketState.QUEUED, publish_no=1, deadline_at=1000.0)


class Offers:
    """A store with one ticket. ``fails`` says of the claims to come what goes wrong with them."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.read = asyncio.Event()
        self.stored = QUEUED
        self.fails: list[str] = []
        self._late: TicketChange | None = None
        self.time = 101.0

    async def now(self) -> float:
        return self.time

    async def get_ticket(self, _: TicketId) -> Ticket:
        self.calls.append("get_ticket")
        self.read.set()
        return self.stored

    async def claim_ticket(self, _: TicketId, claim: TicketChange) -> Offered:
        self.calls.append("claim_ticket")
        if self._late is not None:
            self._write(self._late)
        fails = self.fails.pop(0) if self.fails else ""
        if fails == "comes late":
            self._late = claim
            raise StoreUnavailable
        offered = self._write(claim)
        if fails == "is unheard":
            raise StoreUnavailable
        return offered

    def _write(self, claim: TicketChange) -> Offered:
        claimed = claim(self.stored)
        if claimed is None:
            return Offered(ticket=self.stored)
        self.stored = claimed
        return Offered(ticket=claimed, asked=ASKED)


class Handed:
    def __init__(self, *, redelivered: bool = False) -> None:
        self.redelivered = redelivered
        self.acked = False

    async def ack(self) -> None:
        self.acked = True


class Begun(Intake):
    """Begins runs that go on until the test ends them."""

    def __init__(self, store: Offers) -> None:
        failures = SimpleNamespace(suspect=lambda read: read.lost > 0, hopeless=lambda _: False)
        deps = SimpleNamespace(store=store, failures=failures, model=SimpleNamespace(expect=lambda: None))
        super().__init__(cast(Deps, deps), WorkerSettings(port=1, slots=1), "i", Supervisor())
        self.begun: list[tuple[Ticket, Asked | None]] = []

    def _begin(self, claimed: Ticket, delivery: Delivery, asked: Asked | None = None) -> Run:
        self.begun.append((claimed, asked))
        self.runs[claimed.id] = run = cast(Run, SimpleNamespace(ticket=claimed))
        return run

    async def offered(self, delivery: Handed) -> None:
        async with asyncio.timeout(5):
            await self._judge(OFFER, cast(Delivery, delivery))

    def end(self, ticket_id: TicketId) -> None:
        del self.runs[ticket_id]
        self._room.leave(suspect=False)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "STORE_RETRY_S", 0)


@pytest.fixture
def store() -> Offers:
    return Offers()


@pytest.fixture
def worker(store: Offers) -> Begun:
    return Begun(store)


async def test_a_first_offer_is_judged_and_claimed_in_one_call(store: Offers, worker: Begun) -> None:
    await worker.offered(Handed())
    assert store.calls == ["claim_ticket"]
    [(claimed, asked)] = worker.begun
    assert (claimed.state, claimed.attempt, claimed.started_at) == (TicketState.PROCESSING, 1, 101.0)
    assert asked is ASKED
    assert not worker._room.has_place


@pytest.mark.parametrize(
    "change",
    [
        lambda read: moves.claim(read, worker="another", incarnation="another", now=101.0),
        lambda read: moves.reposition(read, priority=9, seq=9, now=101.0),
    ],
)
async def test_what_is_void_is_dropped_and_leaves_its_place(
    store: Offers, worker: Begun, change: Callable[[Ticket], Ticket]
) -> None:
    store.stored = change(QUEUED)
    delivery = Handed()
    await worker.offered(delivery)
    assert (store.calls, worker.begun, delivery.acked) == (["claim_ticket"], [], True)
    assert worker._room.has_place


async def test_the_suspect_of_a_first_offer_takes_the_place_of_suspects(store: Offers, worker: Begun) -> None:
    store.stored = ticket(TicketState.QUEUED, publish_no=1, deadline_at=1000.0, lost=1)
    await worker.offered(Handed())
    assert store.calls == ["claim_ticket", "claim_ticket"]
    assert len(worker.begun) == 1
    assert worker._room._suspects.locked()


async def test_a_ticket_taken_away_is_read_first(store: Offers, worker: Begun) -> None:
    store.stored = moves.claim(QUEUED, worker="another", incarnation="another", now=101.0)
    await worker.offered(Handed(redelivered=True))
    assert store.calls == ["get_ticket", "claim_ticket"]
    assert [claimed.attempt for claimed, _ in worker.begun] == [2]


@pytest.mark.parametrize("meanwhile", ["nothing", "stopped", "too late"])
async def test_what_waits_for_room_is_claimed_only_as_it_was_judged(
    store: Offers, worker: Begun, meanwhile: str
) -> None:
    await worker._room.enter(suspect=False)
    waiting = asyncio.create_task(worker._settled(OFFER, cast(Delivery, Handed()), in_doubt=False))
    await store.read.wait()
    assert store.calls == ["get_ticket"], "it waits"
    if meanwhile == "stopped":
        store.stored = moves.touch(QUEUED)
    elif meanwhile == "too late":
        store.time = 1001.0
    worker._room.leave(suspect=False)
    assert await waiting is (meanwhile == "nothing")
    assert len(worker.begun) == (meanwhile == "nothing")
    assert worker._room.has_place is (meanwhile != "nothing")


@pytest.mark.parametrize("how", ["is unheard", "comes late"])
async def test_f32_a_claim_of_unknown_result_gets_its_run(store: Offers, worker: Begun, how: str) -> None:
    """Also one that is written only after the store was asked again: nobody else would ever run it."""
    store.fails = [how]
    delivery = Handed()
    await worker.offered(delivery)
    assert [claimed.attempt for claimed, _ in worker.begun] == [1]
    assert store.stored == worker.begun[0][0]
    assert not delivery.acked
    assert not worker._room.has_place


async def test_f32_what_runs_here_is_not_begun_again(store: Offers, worker: Begun) -> None:
    """A second publication whose first reading fails finds the ticket claimed by this process, and running."""
    await worker.offered(Handed())
    store.fails = ["is unheard"]
    worker._room.leave(suspect=False)
    second = Handed()
    await worker.offered(second)
    assert second.acked
    assert len(worker.begun) == 1
