"""How long the lines were over the last hour, in memory."""

from collections import deque

from services.admin_dashboard.board import BoardModel
from tokenline.contracts.admin import HistoryPage, HistoryPoint
from tokenline.core.clock import Clock
from tokenline.core.ledger import Ledger

EVERY_S = 5.0
SPAN_S = 3600.0


class History:
    """A ring: the oldest point makes room."""

    def __init__(self, ledger: Ledger, board: BoardModel, clock: Clock) -> None:
        self._ledger = ledger
        self._board = board
        self._clock = clock
        self._ring: deque[tuple[HistoryPoint, ...]] = deque(maxlen=int(SPAN_S / EVERY_S))

    async def record(self) -> None:
        """Add a point for each pool."""
        now = round(self._clock.now(), 1)
        lines = [(pool, self._ledger.pool(pool)) for pool in self._board.pools()]
        self._ring.append(
            tuple(
                HistoryPoint(at=now, pool=pool, waiting=line.waiting, running=len(line.running)) for pool, line in lines
            )
        )

    def page(self) -> HistoryPage:
        return HistoryPage(items=tuple(point for points in self._ring for point in points))
