"""T10 and T11: what a dispatch costs the ledger at any length, and what pushing positions costs a gateway."""

import time
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from statistics import median

from msgspec.structs import replace

from services.gateway.live import Follower, LiveTicket
from services.gateway.positions import SCAN_S, Positions
from services.gateway.streams import Streams
from tests.bench.rows import Row
from tokenline.adapters.broker_memory import MemoryBroker, MemoryServer
from tokenline.contracts.base import to_json
from tokenline.contracts.events import LineEntry, WorkerSeen
from tokenline.contracts.tickets import TicketState
from tokenline.core.clock import ManualClock
from tokenline.core.ledger import Ledger

LENGTHS = (1_000, 10_000, 100_000)
EVENTS = 3_000
PEOPLE = 10_000
DISPATCHES_PER_S = 50
SECONDS = 20


def run() -> list[Row]:
    costs = {length: median(_per_event_us(length) for _ in range(3)) for length in LENGTHS}
    growth = costs[LENGTHS[-1]] / costs[LENGTHS[0]]
    return [
        *(
            Row(id="T10", what=f"ledger, one ticket in and one out, {length:,} waiting", value=cost, unit="µs")
            for length, cost in costs.items()
        ),
        Row(id="T10", what="  the longest against the shortest", value=growth, unit="×", target=2),
        Row(id="T11", what=f"positions, {PEOPLE:,} waiting, {DISPATCHES_PER_S}/s", value=_positions_share() * 100,
            unit="%", target=25),
    ]  # fmt: skip


def entry(number: int, **changes: object) -> LineEntry:
    return replace(
        LineEntry(
            ticket_id=f"t{number}", conversation_id=f"c{number}", owner_id=f"u{number}", agent_id="a", pool="default",
            priority=4, seq=number, state=TicketState.QUEUED, hold_reason=None, attempt=0, version=1, worker_id=None,
            created_at=0.0, queued_at=0.0, started_at=None, first_token_at=None, finished_at=None,
        ),
        **changes,
    )  # fmt: skip


def _per_event_us(length: int) -> float:
    """A steady line: for each that comes at the back, one is taken at the front; each place is looked up once."""
    ledger = Ledger()
    for number in range(1, length + 1):
        ledger.apply(entry(number))
    arrivals = [entry(length + number) for number in range(1, EVENTS + 1)]
    taken = [entry(number, state=TicketState.PROCESSING, version=2) for number in range(1, EVENTS + 1)]
    ended = [replace(one, state=TicketState.CANCELLED, version=3) for one in taken]
    started = time.process_time()
    for arrival, take, end in zip(arrivals, taken, ended, strict=True):
        ledger.apply(arrival)
        ledger.apply(take)
        ledger.apply(end)
        ledger.position(arrival)
    return (time.process_time() - started) / EVENTS * 1e6


def _positions_share() -> float:
    """CPU seconds per second that a gateway spends on events, places and frames; the sockets' own writes are not in."""
    clock = ManualClock()
    ledger = Ledger()
    ledger.see_worker(
        WorkerSeen(worker_id="w", incarnation="i", pool="default", slots=50, busy=50, draining=False, at=clock.now())
    )
    broker = MemoryBroker(MemoryServer())
    streams = Streams(None, broker, ledger, None, clock, "g", "i")  # type: ignore[arg-type]
    positions = Positions(ledger, streams, broker, clock)
    woken: set[Follower] = set()
    for number in range(1, PEOPLE + 1):
        ledger.apply(entry(number))
        live = streams.live[f"t{number}"] = LiveTicket(entry(number))
        live.followers.add(Follower(f"t{number}", woken.add))
    look = _looker(positions, streams, woken)
    look()
    heads, tails = count(1), count(PEOPLE + 1)
    started = time.process_time()
    for second in range(SECONDS):
        for scan in range(int(1 / SCAN_S)):
            clock.advance(SCAN_S)
            due = int(DISPATCHES_PER_S * SCAN_S * (scan + 1)) - int(DISPATCHES_PER_S * SCAN_S * scan)
            for _ in range(due):
                head = next(heads)
                taken = entry(head, state=TicketState.PROCESSING, version=2, started_at=float(second))
                ledger.apply(taken)
                streams.live.pop(f"t{head}", None)
                ledger.apply(replace(taken, state=TicketState.COMPLETE, version=3, finished_at=second + 1.0))
                ledger.apply(entry(next(tails)))
            look()
    return (time.process_time() - started) / SECONDS


def _looker(positions: Positions, streams: Streams, woken: set[Follower]) -> Callable[[], None]:
    def look() -> None:
        scan = positions.scan()
        with suppress(StopIteration):
            scan.send(None)
        for follower in woken:
            live = streams.live.get(follower.ticket_id)
            if live is not None:
                for frame in live.beyond(follower.cursor):
                    if not isinstance(frame, str):
                        to_json(frame).decode()
        woken.clear()

    return look
