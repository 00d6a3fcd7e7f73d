"""What every open page shows, made and encoded once a second, and only while somebody looks."""

import asyncio
from typing import Generic, NamedTuple, TypeVar

from msgspec.structs import replace

from services.admin_dashboard.board import BoardModel
from services.admin_dashboard.line import AdminLine
from services.admin_dashboard.moments import Moments
from tokenline.contracts.admin import Board, LineFrame
from tokenline.contracts.base import to_json
from tokenline.core.clock import Clock
from tokenline.core.ports.broker import Broker
from tokenline.runtime.ledger_feed import LedgerFeed

T = TypeVar("T")

PUSH_S = 1.0
HEARTBEAT_LATE_S = 3.0
"""Heartbeats come every two seconds: a worker's last sign of life is news only from here on."""


class Newest(Generic[T]):
    """One value, replaced again and again. Whoever is slow gets the newest and misses those between."""

    def __init__(self) -> None:
        self._number = 0
        self._value: T | None = None
        self._replaced = asyncio.Event()

    def put(self, value: T) -> None:
        self._number += 1
        self._value = value
        replaced, self._replaced = self._replaced, asyncio.Event()
        replaced.set()

    def clear(self) -> None:
        self._value = None

    async def after(self, number: int) -> tuple[int, T]:
        """Wait for a value later than ``number`` (0: any), and return it with its own number."""
        while self._value is None or self._number <= number:
            await self._replaced.wait()
        return self._number, self._value


class Picture(NamedTuple):
    """Both frames in JSON. A part that did not change is the very same string as before."""

    board: str
    line: str


class Pictures:
    """`keep` makes them; ``watchers`` counts who looks."""

    def __init__(
        self, feed: LedgerFeed, board: BoardModel, moments: Moments, line: AdminLine, broker: Broker, clock: Clock
    ) -> None:
        self.newest: Newest[Picture] = Newest()
        self.watchers = 0
        self._watched = asyncio.Event()
        self._feed = feed
        self._board = board
        self._moments = moments
        self._line = line
        self._broker = broker
        self._clock = clock
        self._due_at = 0.0
        self._last: tuple[Board, LineFrame, Picture] | None = None

    def enter(self) -> None:
        """Somebody looks: the next picture comes as soon as it is due, for the first one at once."""
        self.watchers += 1
        self._watched.set()

    def leave(self) -> None:
        self.watchers -= 1
        if not self.watchers:
            self._watched.clear()
            self._take_down()

    def _take_down(self) -> None:
        """It would be an old picture for whoever comes next."""
        self._last = None
        self.newest.clear()

    @property
    def due_in_s(self) -> float:
        return max(0.0, self._due_at - self._clock.monotonic())

    async def keep(self) -> None:
        """Make one picture when somebody looks and it is due. Call it for ever."""
        await self._watched.wait()
        await asyncio.sleep(self.due_in_s)
        if self.watchers:
            await self.make()
        if not self.watchers:
            self._take_down()

    async def make(self) -> None:
        """Look, and put up what is seen if it is something else than before."""
        self._due_at = self._clock.monotonic() + PUSH_S
        snapshot, cards = self._moments.renew()
        line = await self._line.first_page(snapshot)
        board = Board(
            at=snapshot.at,
            pools=cards,
            workers=self._board.workers(snapshot.at),
            broker_connected=self._broker.connected,
            drift=self._feed.drift,
        )
        self._show(board, line)

    def _show(self, board: Board, line: LineFrame) -> None:
        board_key, line_key = _without_clocks(board), _line_without_clocks(line)
        former = self._last
        same_board = former is not None and former[0] == board_key
        same_line = former is not None and former[1] == line_key
        if same_board and same_line:
            return
        picture = Picture(
            former[2].board if former and same_board else to_json(board).decode(),
            former[2].line if former and same_line else to_json(line).decode(),
        )
        self._last = (board_key, line_key, picture)
        self.newest.put(picture)


def _without_clocks(board: Board) -> Board:
    """What two boards are compared by: not by the times that run on by themselves."""
    workers = tuple(replace(w, seen_s_ago=float(w.seen_s_ago > HEARTBEAT_LATE_S)) for w in board.workers)
    return replace(board, at=0.0, workers=workers)


def _line_without_clocks(line: LineFrame) -> LineFrame:
    return replace(line, at=0.0, items=tuple(replace(item, age_s=0.0) for item in line.items))
