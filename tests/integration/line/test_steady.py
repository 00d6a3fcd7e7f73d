"""A long line in which nothing is due costs the keeper the same as a short one, and makes it write nothing."""

import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.integration.line.conftest import Houses
from tests.integration.line.house import House
from tests.support.drafts import a_conversation, a_ticket
from tests.support.in_process.fuse import Fuse
from tests.support.in_process.processes import POOL, Gateway
from tokenline.adapters.store_sqlite import SqliteStore, database
from tokenline.adapters.store_sqlite.tickets import insert_ticket
from tokenline.contracts.base import pack
from tokenline.contracts.tickets import HoldReason, Ticket, TicketOffer
from tokenline.contracts.topology import TICKETS, ticket_queue
from tokenline.core import ticket as moves

SWEEPS = 20
LEVELS = 10
HELD_FOR = 5
"""One held ticket for so many queued ones."""
STEPS_AT_A_TIME = 10


@dataclass
class Toll:
    """Steps of SQLite's machine, by every connection that was opened since, and statements that changed something."""

    steps: int = 0
    statements: Counter[str] = field(default_factory=Counter)

    def step(self) -> int:
        self.steps += STEPS_AT_A_TIME
        return 0

    def watch(self, connection: sqlite3.Connection) -> None:
        connection.set_progress_handler(self.step, STEPS_AT_A_TIME)
        connection.set_trace_callback(self.note)

    def note(self, statement: str) -> None:
        """Of nested ones (triggers) SQLite says a comment."""
        verb = statement.split(maxsplit=3)
        if verb and verb[0] in ("INSERT", "UPDATE", "DELETE"):
            self.statements[" ".join(verb[:3])] += 1


@pytest.fixture
def toll(monkeypatch: pytest.MonkeyPatch, no_waiting: None) -> Toll:
    toll = Toll()
    connect = database.connect

    def watched(path: Path, **options: Any) -> sqlite3.Connection:
        connection = connect(path, **options)
        toll.watch(connection)
        return connection

    monkeypatch.setattr(database, "connect", watched)
    return toll


def drafts(house: House, number: int) -> Iterator[Ticket]:
    """As many queued tickets, at every level, and a held one after some."""
    now = house.clock.now()
    seq = 0
    for place in range(number):
        conversation = a_conversation(house.clock, f"u{place}")
        seq += 1
        ticket = a_ticket(house.clock, conversation, priority=place % LEVELS, seq=seq, deadline_at=now + 3600)
        yield moves.queue(ticket, seq=seq, now=now)
        if place % HELD_FOR == 0:
            seq += 1
            yield moves.hold(replace(ticket, id=f"{ticket.id}-held", seq=seq), HoldReason.EARLIER_MESSAGE)


async def a_steady_line(house: House, number: int, fuse: Fuse) -> Gateway:
    """Published, confirmed, and known to a gateway."""
    tickets = list(drafts(house, number))
    store = house.store
    assert isinstance(store, SqliteStore)

    def fill(connection: sqlite3.Connection) -> None:
        connection.execute("DROP TRIGGER watch_insert")
        for ticket in tickets:
            insert_ticket(connection, ticket)
        connection.execute("UPDATE counters SET value = ? WHERE name = 'seq'", (2 * number,))

    await store._database.write(fill)
    gateway = await house.gateway("keeper", fuse)
    queued = [ticket for ticket in tickets if ticket.publish_no]
    offers = [TicketOffer(ticket_id=ticket.id, publish_no=ticket.publish_no) for ticket in queued]
    for offer, ticket in zip(offers, queued, strict=True):
        await gateway.broker.publish(TICKETS.name, POOL, pack(offer), priority=ticket.priority)
    await store.confirm_published(offers)
    assert gateway.ledger.pool(POOL).waiting == number
    assert gateway.ledger.pool(POOL).held == len(tickets) - number
    return gateway


@dataclass(frozen=True)
class Cost:
    """Of one sweep."""

    steps: float
    ms: float
    calls: tuple[str, ...]


async def cost_of_a_sweep(houses: Houses, toll: Toll, number: int) -> Cost:
    """Measured over `SWEEPS` of them, in which nothing may be published and nothing written but the lease."""
    async with houses() as house:
        fuse = Fuse()
        gateway = await a_steady_line(house, number, fuse)
        await gateway.keeper.sweep()
        depth = house.server.queues[ticket_queue(POOL).name].depth
        before, began = await rows_changed(house), time.perf_counter()
        toll.steps, toll.statements = 0, Counter()
        fuse.calls.clear()
        for _ in range(SWEEPS):
            await gateway.keeper.sweep()
        took, steps = time.perf_counter() - began, toll.steps
        assert await rows_changed(house) - before == SWEEPS, toll.statements
        assert set(toll.statements) <= {"INSERT INTO leases", "DELETE FROM leases"}
        assert "publish" not in fuse.calls
        assert house.server.queues[ticket_queue(POOL).name].depth == depth == number
        once = tuple(fuse.calls[: len(fuse.calls) // SWEEPS])
        assert tuple(fuse.calls) == once * SWEEPS
        return Cost(steps / SWEEPS, took / SWEEPS * 1000, once)


async def rows_changed(house: House) -> int:
    store = house.store
    assert isinstance(store, SqliteStore)
    return await store._database.write(lambda connection: connection.total_changes)


async def test_a_long_line_costs_the_keeper_what_a_short_one_does(houses: Houses, toll: Toll) -> None:
    short, long = [await cost_of_a_sweep(houses, toll, number) for number in (1000, 10_000)]
    for number, cost in ((1000, short), (10_000, long)):
        print(f"Q14: a sweep with {number} waiting: {cost.steps:.0f} SQLite steps, {cost.ms:.1f} ms")
    assert short.steps > 0
    assert long.steps <= 3 * short.steps
    assert long.calls == short.calls
