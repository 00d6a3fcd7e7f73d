"""A line replayed through the real `Ledger` under a simulated clock, with what it told everybody who had to wait."""

import random
from collections.abc import Iterator
from heapq import heappop, heappush

import msgspec
from msgspec.structs import replace

from tests.bench.eta.laws import Law, Lognormal
from tokenline.contracts.events import LineEntry, WorkerSeen
from tokenline.contracts.frames import Eta
from tokenline.contracts.tickets import TicketState
from tokenline.core.ledger import Ledger

FIRST_TOKEN = Lognormal(median_s=0.6, sigma=0.4)
POOL = "default"
SLOTS_PER_WORKER = 4
ORDINARY, URGENT = 4, 7


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """Steady traffic at ``steady`` of what the slots can serve, and on top bursts of up to ``burst`` questions at
    once, as far apart as makes the load ``load`` altogether."""

    name: str
    law: Law
    slots: int
    steady: float = 0.5
    load: float = 0.85
    burst: int = 120
    urgent: float = 0.0
    """Share of questions that go ahead of the others."""
    warm_up: int = 300
    """So many answers come before the first prediction that counts."""
    every: int = 10
    """One in so many questions is asked about: those of one burst share their luck."""
    predictions: int = 1000


class Told(msgspec.Struct, frozen=True):
    """What one who had to wait was told on joining the line, and what came. ``elapsed_s``: of those running then."""

    eta: Eta
    actual_s: float
    position: int
    priority: int
    elapsed_s: tuple[float, ...]


def arrivals(scene: Scene, rng: random.Random) -> Iterator[float]:
    """Times at which questions come, without end."""
    capacity = scene.slots / scene.law.mean_s
    apart = (scene.burst / 2) / (capacity * (scene.load - scene.steady))
    steady, burst = rng.expovariate(scene.steady * capacity), rng.expovariate(1 / apart)
    while True:
        if steady < burst:
            yield steady
            steady += rng.expovariate(scene.steady * capacity)
        else:
            yield from [burst] * rng.randint(1, scene.burst)
            burst += rng.expovariate(1 / apart)


class Replay:
    """``told`` grows while it runs."""

    def __init__(self, scene: Scene, seed: int) -> None:
        self.told: list[Told] = []
        self.ledger = Ledger()
        self._scene = scene
        self._rng = random.Random(seed)
        self._waiting: list[tuple[int, int]] = []
        """(-priority, number) of those in the queue, next one first."""
        self._ends: list[tuple[float, int]] = []
        self._entries: dict[int, LineEntry] = {}
        self._predicted: dict[int, tuple[Eta, int, tuple[float, ...]]] = {}
        self._started = 0

    def run(self) -> list[Told]:
        self._open_slots()
        for number, at in enumerate(arrivals(self._scene, self._rng)):
            while self._ends and self._ends[0][0] <= at:
                self._end(*heappop(self._ends))
            self._arrive(number, at)
            if len(self.told) >= self._scene.predictions:
                break
        return self.told

    def _open_slots(self) -> None:
        for first in range(0, self._scene.slots, SLOTS_PER_WORKER):
            worker = WorkerSeen(
                worker_id=f"w{first // SLOTS_PER_WORKER}",
                incarnation="1",
                pool=POOL,
                slots=min(SLOTS_PER_WORKER, self._scene.slots - first),
                busy=0,
                draining=False,
                at=0.0,
            )
            self.ledger.see_worker(worker)

    def _arrive(self, number: int, at: float) -> None:
        entry = LineEntry(
            ticket_id=f"t{number}",
            conversation_id=f"c{number}",
            owner_id=f"u{number}",
            agent_id="assistant",
            pool=POOL,
            priority=URGENT if self._rng.random() < self._scene.urgent else ORDINARY,
            seq=number,
            state=TicketState.QUEUED,
            hold_reason=None,
            attempt=0,
            version=1,
            worker_id=None,
            created_at=at,
            queued_at=at,
            started_at=None,
            first_token_at=None,
            finished_at=None,
        )
        self._tell(number, entry)
        heappush(self._waiting, (-entry.priority, number))
        if len(self._ends) < self._scene.slots:
            self._claim(at)

    def _tell(self, number: int, entry: LineEntry) -> None:
        self.ledger.apply(entry)
        self._entries[number] = entry
        at = entry.created_at
        running = self.ledger.pool(POOL).running.values()
        if (
            self._started < self._scene.warm_up
            or len(running) < self._scene.slots
            or self._rng.random() * self._scene.every >= 1
        ):
            return
        forecast = self.ledger.forecast(POOL, at)
        if forecast is None:
            return
        position = self.ledger.position(entry)
        elapsed = tuple(at - (one.started_at or at) for one in running)
        self._predicted[number] = (forecast.at(position, entry.priority), position, elapsed)

    def _claim(self, at: float) -> None:
        _, number = heappop(self._waiting)
        service_s = self._scene.law.draw(self._rng)
        first_s = min(service_s, FIRST_TOKEN.draw(self._rng))
        entry = self._entries[number]
        streaming = replace(
            entry,
            state=TicketState.STREAMING,
            attempt=1,
            version=3,
            worker_id=f"w{self._started % self._scene.slots // SLOTS_PER_WORKER}",
            started_at=at,
            first_token_at=at + first_s,
        )
        self._started += 1
        self.ledger.apply(streaming)
        self._entries[number] = streaming
        heappush(self._ends, (at + service_s, number))
        if number in self._predicted:
            eta, position, elapsed = self._predicted.pop(number)
            self.told.append(Told(eta, at + first_s - entry.created_at, position, entry.priority, elapsed))

    def _end(self, at: float, number: int) -> None:
        entry = self._entries.pop(number)
        self.ledger.apply(replace(entry, state=TicketState.COMPLETE, version=4, finished_at=at))
        if self._waiting:
            self._claim(at)
