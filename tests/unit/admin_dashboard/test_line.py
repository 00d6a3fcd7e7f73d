"""Pages of the line: slices of one snapshot a second, with names."""

from collections.abc import Sequence

import pytest

from services.admin_dashboard.board import BoardModel
from services.admin_dashboard.line import AdminLine
from services.admin_dashboard.moments import Moments
from services.admin_dashboard.names import Names
from tests.support.drafts import a_user
from tests.support.line_entries import a_heartbeat, an_entry, claimed
from tokenline.adapters.broker_memory import MemoryBroker, MemoryServer
from tokenline.contracts.accounts import User
from tokenline.contracts.admin import LineQuery
from tokenline.contracts.errors import BadRequest, StoreUnavailable
from tokenline.contracts.notes import BROKER_AWAY, NO_WORKER, PAUSED
from tokenline.contracts.tickets import HoldReason, TicketState
from tokenline.core.clock import ManualClock
from tokenline.core.ledger import Ledger


class Users:
    """The part of the store that has names."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.asked: list[list[str]] = []
        self.away = False

    async def get_users(self, user_ids: Sequence[str]) -> list[User]:
        if self.away:
            raise StoreUnavailable
        self.asked.append(list(user_ids))
        return [a_user(self.clock, f"{i}@example.org", id=i) for i in user_ids if i != "user-00009"]


class Desk:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.ledger = Ledger()
        self.users = Users(self.clock)
        self.broker = MemoryBroker(MemoryServer())
        moments = Moments(self.ledger, BoardModel(self.ledger, ()), self.clock)
        self.line = AdminLine(moments, Names(self.users, self.clock), self.broker)

    def fill(self, count: int) -> None:
        for number in range(1, count + 1):
            self.ledger.apply(an_entry(number, self.clock.now()))

    async def ids(self, **query) -> list[str]:
        return [item.ticket_id[-1] for item in (await self.line.page(LineQuery(**query))).items]


@pytest.fixture
async def desk():
    desk = Desk()
    await desk.broker.connect()
    yield desk
    await desk.broker.close()


async def test_pages_follow_each_other_while_the_line_moves(desk):
    desk.fill(7)
    first = await desk.line.page(LineQuery(limit=3))
    assert [item.position for item in first.items] == [0, 1, 2]
    for number in (1, 2, 3):
        desk.ledger.apply(claimed(an_entry(number, desk.clock.now()), desk.clock.now()))
    desk.clock.advance(1)
    second = await desk.line.page(LineQuery(limit=3, cursor=first.next))
    assert [(item.ticket_id[-1], item.position) for item in second.items] == [("4", 0), ("5", 1), ("6", 2)]
    last = await desk.line.page(LineQuery(limit=3, cursor=second.next))
    assert [item.ticket_id[-1] for item in last.items] == ["7"]
    assert last.next is None


async def test_the_line_is_sorted_once_a_second(desk):
    desk.fill(1)
    assert await desk.ids() == ["1"]
    desk.fill(2)
    assert await desk.ids() == ["1"]
    desk.clock.advance(1)
    assert await desk.ids() == ["1", "2"]


async def test_filters(desk):
    desk.fill(4)
    now = desk.clock.now()
    desk.ledger.apply(an_entry(5, now, pool="large"))
    desk.ledger.apply(an_entry(6, now, state=TicketState.HELD, hold_reason=HoldReason.USER_LIMIT))
    assert await desk.ids(pool="large") == ["5"]
    assert await desk.ids(pool="nowhere") == []
    assert "nowhere" not in desk.ledger.pools
    assert await desk.ids(state=TicketState.HELD) == ["6"]
    assert await desk.ids(user="R-00003@EXAMPLE") == ["3"]
    assert await desk.ids(user="user-00002") == ["2"]
    assert await desk.ids(user="example.org", state=TicketState.QUEUED, pool="default") == ["1", "2", "3", "4"]


async def test_a_filtered_list_has_pages_and_true_positions(desk):
    desk.fill(6)
    desk.ledger.apply(an_entry(7, desk.clock.now(), owner_id="user-00002"))
    page = await desk.line.page(LineQuery(user="user-00002", limit=1))
    assert [(item.ticket_id[-1], item.position) for item in page.items] == [("2", 1)]
    page = await desk.line.page(LineQuery(user="user-00002", limit=1, cursor=page.next))
    assert [(item.ticket_id[-1], item.position) for item in page.items] == [("7", 6)]
    assert page.next is None


async def test_names_are_asked_for_once(desk):
    desk.fill(3)
    await desk.ids()
    await desk.ids(user="user")
    desk.clock.advance(2)
    await desk.ids()
    assert [sorted(ids) for ids in desk.users.asked] == [["user-00001", "user-00002", "user-00003"]]


async def test_an_account_that_is_gone_is_shown_by_id(desk):
    desk.fill(9)
    page = await desk.line.page(LineQuery())
    assert [item.user for item in page.items][-2:] == ["user-00008@example.org", "user-00009"]


async def test_without_the_store_the_line_is_still_shown(desk):
    desk.fill(1)
    desk.users.away = True
    assert [item.user for item in (await desk.line.page(LineQuery())).items] == ["user-00001"]


async def test_reasons_for_waiting(desk):
    desk.fill(1)
    desk.ledger.apply(an_entry(2, desk.clock.now(), state=TicketState.HELD, hold_reason=HoldReason.EARLIER_MESSAGE))
    desk.ledger.apply(claimed(an_entry(3, desk.clock.now()), desk.clock.now()))

    async def reasons() -> list[str | None]:
        desk.clock.advance(1)
        return [item.reason for item in (await desk.line.page(LineQuery())).items]

    assert await reasons() == [None, NO_WORKER, HoldReason.EARLIER_MESSAGE]
    desk.ledger.see_worker(a_heartbeat(desk.clock.now()))
    assert await reasons() == [None, None, HoldReason.EARLIER_MESSAGE]
    desk.ledger.paused = frozenset({"default"})
    assert await reasons() == [None, PAUSED, HoldReason.EARLIER_MESSAGE]
    await desk.broker.close()
    assert await reasons() == [None, BROKER_AWAY, HoldReason.EARLIER_MESSAGE]


@pytest.mark.parametrize("cursor", ["", "nonsense", "W10", "WzEsMl0"])
async def test_a_foreign_cursor_is_refused(desk, cursor):
    with pytest.raises(BadRequest):
        await desk.line.page(LineQuery(cursor=cursor))
