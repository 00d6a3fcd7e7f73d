"""Tells waiting followers where they stand: often near the front, rarely far back, never more than it is worth."""

import structlog

from services.gateway.live import LiveTicket, Place
from services.gateway.streams import Streams
from tokenline.contracts.ids import Pool
from tokenline.contracts.notes import NO_WORKER, PAUSED, SAFE
from tokenline.contracts.tickets import TicketState
from tokenline.core.clock import Clock
from tokenline.core.eta import Forecast
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


class Positions:
    def __init__(self, ledger: Ledger, streams: Streams, broker: Broker, clock: Clock) -> None:
        self._ledger = ledger
        self._streams = streams
        self._broker = broker
        self._clock = clock

    async def scan(self) -> None:
        """Look at every waiting ticket that has a follower here; wake those with news."""
        now = self._clock.now()
        forecasts: dict[Pool, Forecast | None] = {}
        for live in self._streams.live.values():
            if not live.followers or live.ended or live.running:
                continue
            pool = live.entry.pool
            if pool not in forecasts:
                forecasts[pool] = self._ledger.forecast(pool, now)
            self._look_at(live, forecasts[pool], now)

    def _look_at(self, live: LiveTicket, forecast: Forecast | None, now: float) -> None:
        entry = live.entry
        position = self._ledger.position(entry)
        above = self._ledger.pool(entry.pool).above(entry.priority)
        eta = forecast.at(position, entry.priority) if forecast and entry.state is TicketState.QUEUED else None
        place = Place(position, eta, self._note(live, position, above))
        if worth_telling(live.place, place, now - live.pushed_at):
            live.place, live.placed, live.above, live.pushed_at = place, entry, above, now
            live.wake()

    def _note(self, live: LiveTicket, position: int, above: int) -> str | None:
        if not self._broker.connected or self._broker.blocked:
            return SAFE
        if live.entry.pool in self._ledger.paused:
            return PAUSED
        if not self._ledger.workers_of(live.entry.pool):
            return NO_WORKER
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
    moved = abs(place.position - told.position)
    if moved and (place.position < NEAR_FRONT or moved >= told.position * WORTH_TELLING):
        return True
    return since_s >= AT_LATEST_S
