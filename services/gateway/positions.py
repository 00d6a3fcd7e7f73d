"""Tells waiting followers where they stand: often near the front, rarely far back, never more than it is worth."""

import structlog

from services.gateway.live import LiveTicket, Place
from services.gateway.streams import Streams
from tokenline.contracts.ids import Pool
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

NO_WORKER = "no worker for this agent"
BROKER_AWAY = "broker unavailable, your message is safe"


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
        position = self._ledger.position(live.entry)
        place = Place(
            position,
            forecast.at(position) if forecast and live.entry.state is TicketState.QUEUED else None,
            self._note(live, position),
        )
        if worth_telling(live.place, place, now - live.pushed_at):
            live.place = place
            live.pushed_at = now
            live.wake()

    def _note(self, live: LiveTicket, position: int) -> str | None:
        if not self._broker.connected:
            return BROKER_AWAY
        if not self._ledger.workers_of(live.entry.pool):
            return NO_WORKER
        before = live.place
        if before is not None and position > before.position:
            went = position - before.position
            return f"{went} priority message{'s' if went > 1 else ''} went ahead"
        return before.note if before is not None and position == before.position and _is_move(before.note) else None


def _is_move(note: str | None) -> bool:
    return note is not None and note.endswith("went ahead")


def worth_telling(told: Place | None, place: Place, since_s: float) -> bool:
    if told is None or place.note != told.note:
        return True
    if place == told:
        return False
    moved = abs(place.position - told.position)
    if moved and (place.position < NEAR_FRONT or moved >= told.position * WORTH_TELLING):
        return True
    return since_s >= AT_LATEST_S
