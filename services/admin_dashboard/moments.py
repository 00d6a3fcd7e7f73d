"""One look at the ledger a second, from which everything that is served is taken, so that its parts fit together."""

from typing import NamedTuple

from services.admin_dashboard.board import BoardModel
from services.admin_dashboard.snapshot import Snapshot
from tokenline.contracts.admin import PoolCard
from tokenline.core.clock import Clock
from tokenline.core.ledger import Ledger

MOMENT_S = 1.0


class Moment(NamedTuple):
    line: Snapshot
    cards: tuple[PoolCard, ...]


class Moments:
    def __init__(self, ledger: Ledger, board: BoardModel, clock: Clock) -> None:
        self._ledger = ledger
        self._board = board
        self._clock = clock
        self._moment: Moment | None = None
        self._made_at = 0.0

    def renew(self) -> Moment:
        """What is so now. O(n log n)."""
        self._made_at = self._clock.monotonic()
        line = Snapshot(self._ledger, self._clock.now())
        self._moment = Moment(line, self._board.cards(line))
        return self._moment

    def current(self) -> Moment:
        """At most `MOMENT_S` old."""
        if self._moment is None or self._clock.monotonic() - self._made_at >= MOMENT_S:
            return self.renew()
        return self._moment
