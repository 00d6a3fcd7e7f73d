"""Tells waiting followers where they stand: often near the front, rarely far back, never more than it is worth."""

import structlog

from services.gateway.live import LiveTicket, Place
from services.gateway.streams import Streams
from tokenline.contracts.events import LineEntry
from tokenline.contracts.notes import NO_WORKER, PAUSED, SAFE
from tokenline.contracts.tickets import TicketState
from tokenline.core.clock import Clock
from tokenline.core.ledger import Ledger
from tokenline.core.ports.broker import Broker

log = structlog.get_logger()

SCAN_S = 0.25
NEAR_FRONT = 20
"""Up to here every change is told."""
WORTH_TELLING = 0.05
"""Further back a move is told when it is this share of the way, or …"""
AT_LATEST_S = 1.0
"""… when nothing was told for so long."""

SENT_BACK = "an administrator moved your message back"
ANOTHER_POOL = "an administrator moved your message to another queue"
PASSING = (NO_WORKER, PAUSED, SAFE)
"""What is no longer true when it is no longer said."""


class PoolView:
    """One pool as of one scan: what is the same for all who wait in it, looked up once."""

    def __init__(self, ledger: Ledger, name: str, now: float, trouble: str | None) -> None:
        self._line = ledger.pool(name)
        self.above = [self._line.above(priority) for priority in range(len(self._line.lanes))]
        self.forecast = ledger.forecast(name, now)
        self.trouble = trouble
        """Why nobody in it is served for now."""

    def position(self, entry: LineEntry) -> int:
        """As `Ledger.position` of one that waits."""
        if entry.state is TicketState.HELD:
            return self._line.back(entry.priority)
        return self.above[entry.priority] + self._line.lanes[entry.priority].rank(entry.seq)


class Positions:
    def __init__(self, ledger: Ledger, streams: Streams, broker: Broker, clock: Clock) -> None:
        self._ledger = ledger
        self._streams = streams
        self._broker = broker
        self._clock = clock

    async def scan(self) -> None:
        """Look at every waiting ticket that has a follower here; wake those with news."""
        now = self._clock.now()
        pools: dict[str, PoolView] = {}
        for live in list(self._streams.live.values()):
            if not live.followers or live.ended or live.running:
                continue
            name = live.entry.pool
            pool = pools.get(name)
            if pool is None:
                pool = pools[name] = PoolView(self._ledger, name, now, self._trouble(name))
            self._look_at(live, pool, now)

    def _trouble(self, pool: str) -> str | None:
        if not self._broker.connected or self._broker.blocked:
            return SAFE
        if pool in self._ledger.paused:
            return PAUSED
        return None if self._ledger.workers_of(pool) else NO_WORKER

    def _look_at(self, live: LiveTicket, pool: PoolView, now: float) -> None:
        entry, told, since_s = live.entry, live.place, now - live.pushed_at
        position = pool.position(entry)
        # Ten thousand are looked at four times a second, and most of them have nothing to be told.
        if told is not None and since_s < AT_LATEST_S and _as_before(told, position, pool.trouble):
            return
        above = pool.above[entry.priority]
        queued = entry.state is TicketState.QUEUED
        eta = pool.forecast.at(position, entry.priority) if pool.forecast and queued else None
        place = Place(position, eta, pool.trouble or _note(live, position, above))
        if worth_telling(told, place, since_s):
            live.place, live.placed, live.above, live.pushed_at = place, entry, above, now
            live.wake()


def _as_before(told: Place, position: int, trouble: str | None) -> bool:
    """Whether, but for a new forecast, there is nothing to tell."""
    fell_back = position > told.position
    return trouble is None and told.note not in PASSING and not fell_back and not _moved_enough(told, position)


def _moved_enough(told: Place, position: int) -> bool:
    moved = abs(position - told.position)
    return moved > 0 and (position < NEAR_FRONT or moved >= told.position * WORTH_TELLING)


def _note(live: LiveTicket, position: int, above: int) -> str | None:
    before = live.place
    if before is None or position < before.position:
        return None
    if position == before.position:
        return before.note if before.note not in PASSING else None
    return _why_moved(live) or why_behind(position - before.position, above - live.above)


def _why_moved(live: LiveTicket) -> str | None:
    """Why the ticket itself was put further back, if it was."""
    if live.entry.pool != live.placed.pool:
        return ANOTHER_POOL
    return SENT_BACK if live.entry.priority < live.placed.priority else None


def why_behind(places: int, above: int) -> str:
    """Why a position went up: ``above`` of the ``places`` are of higher priority, the others were heard of late."""
    if above > 0:
        return f"{above} priority message{'s' if above > 1 else ''} went ahead"
    return f"{places} earlier message{'s' if places > 1 else ''} heard of late"


def worth_telling(told: Place | None, place: Place, since_s: float) -> bool:
    if told is None or place.note != told.note:
        return True
    if place == told:
        return False
    return _moved_enough(told, place.position) or since_s >= AT_LATEST_S
