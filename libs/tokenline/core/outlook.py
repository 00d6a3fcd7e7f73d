"""What the line of one pool was like of late, and so how long one waits in it."""

from collections.abc import Sequence
from typing import NamedTuple

from tokenline.contracts.events import LineEntry, WorkerSeen
from tokenline.contracts.ids import TicketId
from tokenline.contracts.tickets import TicketState
from tokenline.core.eta import Forecast, forecast
from tokenline.core.overtaking import Joins
from tokenline.core.service_times import ServiceTimes
from tokenline.core.slots import RunningTickets, Slots
from tokenline.core.ticket import RUNNING, TERMINAL

LOOK_AGAIN_S = 0.25
"""As often as positions are told: a forecast of waits costs half a millisecond, which would be too much for each."""


class _Look(NamedTuple):
    at: float
    slots: Slots
    forecast: Forecast

    def serves(self, now: float, slots: Slots) -> bool:
        """A line that moves on behind busy slots looks the same for a moment; a slot more or less is news."""
        same = (slots.number, slots.busy, slots.ahead) == (self.slots.number, self.slots.busy, self.slots.ahead)
        return same and abs(now - self.at) < LOOK_AGAIN_S


class Outlook:
    def __init__(self) -> None:
        self.service_times = ServiceTimes()
        self._joins = Joins()
        self._met: set[TicketId] = set()
        """Running ones that were not seen to begin: no sample of how long it takes, as the long are met more often."""
        self._look: _Look | None = None

    def note(self, known: LineEntry | None, entry: LineEntry) -> None:
        """A ticket changed from ``known`` (``None``: not heard of) to ``entry``."""
        if entry.state is TicketState.QUEUED and (known is None or known.state is not TicketState.QUEUED):
            self._joins.add(entry.queued_at or entry.created_at, entry.priority)
        if entry.state in TERMINAL:
            self._note_end(entry)
        if known is None and entry.state in RUNNING:
            self._met.add(entry.ticket_id)
        elif entry.state not in RUNNING or (known is not None and known.attempt != entry.attempt):
            self._met.discard(entry.ticket_id)

    def forget(self, ticket_id: TicketId) -> None:
        """It ended unheard."""
        self._met.discard(ticket_id)

    def forecast(self, now: float, running: RunningTickets, workers: Sequence[WorkerSeen]) -> Forecast | None:
        """As of ``now``, or of a moment before. ``workers`` are the live ones of the pool. ``None``: nothing to say."""
        slots = running.slots(workers, self._met)
        if self._look is not None and self._look.serves(now, slots):
            return self._look.forecast
        ages = running.ages(now, workers, self._met)
        made = forecast(now, slots=slots, ages=ages, times=self.service_times, joins=self._joins)
        self._look = _Look(now, slots, made) if made is not None else None
        return made

    def _note_end(self, entry: LineEntry) -> None:
        """Answered, stopped or failed: if it ended on a worker it held a slot until then."""
        if entry.ticket_id not in self._met and entry.worker_id and entry.started_at and entry.finished_at:
            first_s = entry.first_token_at - entry.started_at if entry.first_token_at else None
            self.service_times.add(entry.finished_at - entry.started_at, first_s)
