"""What is pushed: at most once a second, only news, encoded once, and the newest for whoever is slow."""

import asyncio
import json
from typing import Any

import pytest

from services.admin_dashboard.board import BoardModel
from services.admin_dashboard.line import AdminLine
from services.admin_dashboard.moments import Moments
from services.admin_dashboard.names import Names
from services.admin_dashboard.pictures import Newest, Picture, Pictures
from tests.support.line_entries import a_heartbeat, an_entry
from tests.support.stores import open_store
from tokenline.adapters.broker_memory import MemoryBroker, MemoryServer
from tokenline.core.clock import ManualClock
from tokenline.runtime.ledger_feed import LedgerFeed


class Wall:
    def __init__(self, store) -> None:
        self.clock = ManualClock()
        broker = MemoryBroker(MemoryServer())
        self.feed = LedgerFeed(store, broker, self.clock, listener="test")
        self.ledger = self.feed.ledger
        board = BoardModel(self.ledger, ["default"])
        moments = Moments(self.ledger, board, self.clock)
        line = AdminLine(moments, Names(store, self.clock), broker)
        self.pictures = Pictures(self.feed, board, moments, line, broker, self.clock)
        self.seen = 0

    async def look(self) -> Picture:
        self.seen, picture = await asyncio.wait_for(self.pictures.newest.after(self.seen), 1)
        return picture

    def has_news(self) -> bool:
        waiting = self.pictures.newest.after(self.seen)
        try:
            waiting.send(None)
        except StopIteration:
            return True
        waiting.close()
        return False


@pytest.fixture
async def wall(tmp_path):
    clock = ManualClock()
    store = await open_store(f"sqlite:{tmp_path}/tokenline.db", clock)
    yield Wall(store)
    await store.close()


def frame(text: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(text)
    return read


async def test_the_first_picture_shows_board_and_line(wall):
    wall.ledger.apply(an_entry(1, wall.clock.now()))
    await wall.pictures.make()
    picture = await wall.look()
    board, line = frame(picture.board), frame(picture.line)
    assert (board["type"], board["pools"][0]["waiting"]) == ("board", 1)
    assert (line["type"], line["total"], line["items"][0]["position"]) == ("line", 1, 0)


async def test_the_next_one_is_due_a_second_later(wall):
    assert wall.pictures.due_in_s == 0
    await wall.pictures.make()
    assert wall.pictures.due_in_s == 1
    wall.clock.advance(0.75)
    assert wall.pictures.due_in_s == 0.25
    wall.clock.advance(5)
    assert wall.pictures.due_in_s == 0


async def test_time_passing_alone_is_no_news(wall):
    wall.ledger.see_worker(a_heartbeat(wall.clock.now()))
    await wall.pictures.make()
    await wall.look()
    wall.clock.advance(2)
    await wall.pictures.make()
    assert not wall.has_news()
    wall.clock.advance(2)
    await wall.pictures.make()
    assert wall.has_news(), "the worker's heartbeat is late"


async def test_a_part_without_news_is_not_encoded_again(wall):
    wall.ledger.see_worker(a_heartbeat(wall.clock.now()))
    await wall.pictures.make()
    before = await wall.look()
    wall.ledger.see_worker(a_heartbeat(wall.clock.now(), busy=1))
    wall.clock.advance(1)
    await wall.pictures.make()
    picture = await wall.look()
    assert picture.board != before.board
    assert picture.line is before.line


async def test_nothing_is_made_until_somebody_looks(wall):
    keeping = asyncio.ensure_future(wall.pictures.keep())
    await asyncio.sleep(0)
    assert not wall.has_news()
    wall.pictures.enter()
    await keeping
    assert wall.has_news()


async def test_nobody_is_shown_the_picture_of_an_earlier_visit(wall):
    wall.pictures.enter()
    await wall.pictures.make()
    wall.pictures.leave()
    assert not wall.has_news()
    wall.pictures.enter()
    await wall.pictures.make()
    assert wall.has_news()


async def test_whoever_is_slow_gets_the_newest():
    newest: Newest[str] = Newest()
    for value in ("one", "two", "three"):
        newest.put(value)
    number, value = await newest.after(0)
    assert value == "three"
    waiting = asyncio.ensure_future(newest.after(number))
    newest.put("four")
    newest.put("five")
    assert (await waiting)[1] == "five"
