"""Two at once: what happens between reading a ticket and acting on it changes what is done, never does it twice."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from services.admin_dashboard.actions import Actions
from services.admin_dashboard.board import BoardModel
from services.admin_dashboard.dead_letters import DeadLetters
from services.admin_dashboard.diary import Diary
from services.admin_dashboard.names import Names
from services.admin_dashboard.settings import DashboardSettings
from tests.support import drafts
from tests.support.stores import open_store
from tokenline.adapters.broker_memory import MemoryBroker, MemoryServer
from tokenline.contracts.accounts import Role
from tokenline.contracts.admin import ActionAnswer, Outcome
from tokenline.contracts.errors import TooLate
from tokenline.contracts.tickets import Ticket
from tokenline.contracts.topology import ticket_queue
from tokenline.core import ticket as moves
from tokenline.core.clock import ManualClock
from tokenline.core.ports.store import Store
from tokenline.runtime.auth.principal import Principal
from tokenline.runtime.ledger_feed import LedgerFeed
from tokenline.runtime.line import Line

ROOT = Principal(
    user_id="root", email="r@example.org", role=Role.ADMIN, tier=4, via="password", credential_id="x", expires_at=None
)


class Interrupted(Diary):
    """Something happens ``meanwhile``: after the ticket was read, before the action begins."""

    meanwhile: Callable[[], Awaitable[object]] | None = None

    async def record(self, *args: Any, **detail: Any) -> ActionAnswer:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            await meanwhile()
        return await super().record(*args, **detail)


class Office:
    def __init__(self, store: Store, clock: ManualClock) -> None:
        self.clock = clock
        self.store = store
        self.broker = MemoryBroker(MemoryServer())
        self.line = Line(store, self.broker, user_limit=2)
        self.feed = LedgerFeed(store, self.broker, clock, listener="test")
        self.diary = Interrupted(store, clock)
        names = Names(store, clock)
        settings = DashboardSettings(port=1, secret_key="s" * 32)
        letters = DeadLetters(store, self.broker, self.line, names, settings)
        board = BoardModel(self.feed.ledger, ["default", "large"])
        self.actions = Actions(store, self.broker, self.line, self.feed, board, letters, self.diary, names)

    async def asks(self, name: str, **changes: Any) -> Ticket:
        """Everybody hears of it."""
        accepted = await drafts.ask(self.store, self.clock, owner=name, **changes)
        await self.line.publish(accepted.ticket)
        await self.feed.reload()
        return accepted.ticket

    async def claims(self, ticket: Ticket) -> None:
        """A worker takes it, and the dashboard hears of it later."""
        read = await self.store.get_ticket(ticket.id)
        assert read is not None
        claimed = moves.claim(read, worker="worker-1", incarnation="first", now=self.clock.now())
        assert await self.store.replace_ticket(claimed)

    async def now(self, ticket: Ticket) -> Ticket:
        read = await self.store.get_ticket(ticket.id)
        assert read is not None
        return read

    async def outcomes(self) -> list[str | None]:
        return [entry.outcome for entry in (await self.store.audit()).items]


@pytest.fixture
async def office(tmp_path):
    clock = ManualClock()
    store = await open_store(f"sqlite:{tmp_path}/tokenline.db", clock)
    office = Office(store, clock)
    await office.broker.connect()
    for pool in ("default", "large"):
        await office.broker.declare(ticket_queue(pool))
    yield office
    await office.line.announcer.flush()
    await office.broker.close()
    await store.close()


async def test_the_second_of_two_bumps_stands_on_the_first(office):
    await office.asks("ann")
    last = await office.asks("bob")
    office.diary.meanwhile = lambda: office.actions.bump(ROOT, last.id)
    assert (await office.actions.bump(ROOT, last.id)).outcome is Outcome.UNCHANGED
    assert ((await office.now(last)).priority, (await office.now(last)).publish_no) == (5, 2)


async def test_another_ticket_that_was_bumped_meanwhile_is_overtaken(office):
    await office.asks("ann")
    second, last = await office.asks("bob"), await office.asks("cyd")
    office.diary.meanwhile = lambda: office.actions.bump(ROOT, second.id)
    assert (await office.actions.bump(ROOT, last.id)).outcome is Outcome.DONE
    assert next(office.feed.ledger.in_order()).ticket_id == last.id


@pytest.mark.parametrize("verb", ["bump", "demote"])
async def test_a_worker_may_be_faster(office, verb):
    first, last = await office.asks("ann"), await office.asks("bob")
    ticket = last if verb == "bump" else first
    office.diary.meanwhile = lambda: office.claims(ticket)
    with pytest.raises(TooLate) as refused:
        await getattr(office.actions, verb)(ROOT, ticket.id)
    assert refused.value.detail == {"state": "processing"}
    assert await office.outcomes() == ["too_late"]
    assert (await office.now(ticket)).priority == 4


async def test_it_is_put_first_where_it_is_by_now(office):
    for name in ("ann", "bob"):
        await office.asks(name, pool="large", priority=7)
    last = await office.asks("cyd")
    office.diary.meanwhile = lambda: office.actions.move(ROOT, last.id, "large")
    await office.actions.bump(ROOT, last.id)
    moved = await office.now(last)
    assert (moved.pool, moved.priority) == ("large", 8)


async def test_a_move_keeps_the_level_it_was_given_meanwhile(office):
    await office.asks("ann")
    last = await office.asks("bob")
    office.diary.meanwhile = lambda: office.actions.bump(ROOT, last.id)
    await office.actions.move(ROOT, last.id, "large")
    moved = await office.now(last)
    assert (moved.pool, moved.priority) == ("large", 5)


async def test_cancelling_what_has_just_ended_changes_nothing(office):
    ticket = await office.asks("ann")
    office.diary.meanwhile = lambda: office.actions.cancel(ROOT, ticket.id)
    answer = await office.actions.cancel(ROOT, ticket.id)
    assert (answer.outcome, answer.ticket.state) == (Outcome.UNCHANGED, "cancelled")
    assert await office.outcomes() == ["unchanged", "done"]
