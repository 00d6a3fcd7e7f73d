"""Who holds the slots of a pool, and for how long already."""

from collections.abc import Callable, Collection, Iterable, Set
from functools import partial
from typing import NamedTuple

from tokenline.contracts.events import LineEntry, WorkerSeen
from tokenline.contracts.ids import TicketId, WorkerId


class Slots(NamedTuple):
    """Of the workers that take tickets; what others still run frees no slot for those who wait.

    ``begun`` and ``met`` tickets hold one each; the latter were not seen to begin. ``ahead``: tickets whose worker is
    gone; they go on elsewhere before all who wait.
    """

    number: int
    begun: int
    met: int
    ahead: int

    @property
    def busy(self) -> int:
        return min(self.number, self.begun + self.met)

    @property
    def idle(self) -> int:
        return self.number - self.busy


class Ages(NamedTuple):
    """For how long each ticket of `Slots` has held its slot, seconds."""

    begun: list[float]
    met: list[float]


class RunningTickets:
    """Of one pool. How many each worker has is counted, so that slots are told without a look at every ticket."""

    def __init__(self) -> None:
        self._entries: dict[TicketId, LineEntry] = {}
        self._number_of: dict[WorkerId | None, int] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def values(self) -> Collection[LineEntry]:
        return self._entries.values()

    def add(self, entry: LineEntry) -> None:
        """One that is not among them."""
        self._entries[entry.ticket_id] = entry
        self._number_of[entry.worker_id] = self._number_of.get(entry.worker_id, 0) + 1

    def remove(self, entry: LineEntry) -> None:
        """One as it was added."""
        del self._entries[entry.ticket_id]
        left = self._number_of.pop(entry.worker_id) - 1
        if left:
            self._number_of[entry.worker_id] = left

    def slots(self, workers: Iterable[WorkerSeen], met: Set[TicketId]) -> Slots:
        """``workers`` are the live ones of the pool. ``met``: tickets, here or not, that were not seen to begin."""
        number = held = elsewhere = 0
        for worker in workers:
            runs = self._number_of.get(worker.worker_id, 0)
            if worker.draining:
                elsewhere += runs
            else:
                number += worker.slots
                held += runs
        met_held = self._held_by(_taking(workers), met) if met else 0
        return Slots(number, held - met_held, met_held, len(self) - held - elsewhere)

    def _held_by(self, workers: Set[WorkerId], tickets: Set[TicketId]) -> int:
        """How many of ``tickets`` these workers run."""
        here = [self._entries[ticket_id] for ticket_id in tickets if ticket_id in self._entries]
        return sum(entry.worker_id in workers for entry in here)

    def ages(self, now: float, workers: Iterable[WorkerSeen], met: Set[TicketId]) -> Callable[[], Ages]:
        """As of ``now``, whenever asked for."""
        return partial(_ages, now, tuple(self._entries.values()), _taking(workers), frozenset(met))


def _taking(workers: Iterable[WorkerSeen]) -> frozenset[WorkerId]:
    return frozenset(worker.worker_id for worker in workers if not worker.draining)


def _ages(now: float, entries: Iterable[LineEntry], taking: Set[WorkerId], met: Set[TicketId]) -> Ages:
    ages = Ages([], [])
    for entry in entries:
        if entry.worker_id in taking:
            one = ages.met if entry.ticket_id in met else ages.begun
            one.append(max(0.0, now - (entry.started_at or now)))
    return ages
