"""Slots are counted by worker; the tickets in them, looked at one by one, give the same numbers."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.support.line_entries import a_heartbeat, an_entry
from tokenline.contracts.events import LineEntry
from tokenline.core.slots import RunningTickets

NOW = 100.0
WORKERS = [
    a_heartbeat(NOW, worker_id="busy", slots=4),
    a_heartbeat(NOW, worker_id="idle", slots=3),
    a_heartbeat(NOW, worker_id="leaving", slots=5, draining=True),
]
TAKING = ("busy", "idle")

tickets = st.lists(st.sampled_from(["busy", "busy", "idle", "leaving", "gone", None]), max_size=20).map(
    lambda workers: [
        an_entry(number, 0.0, worker_id=worker, started_at=float(number)) for number, worker in enumerate(workers)
    ]
)


@given(tickets, st.sets(st.integers(0, 25)), st.sets(st.integers(0, 19)))
def test_they_are_as_many_as_there_are_tickets_in_them(began: list[LineEntry], met: set[int], ended: set[int]) -> None:
    running = RunningTickets()
    for entry in began:
        running.add(entry)
    for number in ended & set(range(len(began))):
        running.remove(began[number])
    left = [entry for number, entry in enumerate(began) if number not in ended]
    unseen = {an_entry(number, 0.0).ticket_id for number in met}
    slots, ages = running.slots(WORKERS, unseen), running.ages(NOW, WORKERS, unseen)()
    held = [entry for entry in left if entry.worker_id in TAKING]
    assert sorted(ages.begun) == sorted(_age(entry) for entry in held if entry.ticket_id not in unseen)
    assert sorted(ages.met) == sorted(_age(entry) for entry in held if entry.ticket_id in unseen)
    assert (slots.number, slots.begun, slots.met) == (7, len(ages.begun), len(ages.met))
    assert slots.ahead == sum(entry.worker_id in ("gone", None) for entry in left)
    assert (slots.busy, slots.idle) == (min(7, len(held)), max(0, 7 - len(held)))
    assert [*running.values()] == left


def test_a_ticket_that_goes_on_elsewhere_is_counted_there() -> None:
    running = RunningTickets()
    running.add(first := an_entry(1, 0.0, worker_id="leaving"))
    running.remove(first)
    running.add(replace(first, worker_id="idle"))
    assert running.slots(WORKERS, set()) == (7, 1, 0, 0)


def _age(entry: LineEntry) -> float:
    return NOW - (entry.started_at or NOW)
