"""Positions read off the ledger equal the rank in a plain sorted list, whatever happened in whatever order."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tokenline.contracts.events import LineEntry, WorkerSeen
from tokenline.contracts.tickets import HoldReason, TicketState
from tokenline.core.lane import Lane
from tokenline.core.ledger import Ledger


def entry(number: int, state: TicketState = TicketState.QUEUED, **fields: object) -> LineEntry:
    values: dict[str, Any] = {
        "ticket_id": f"t{number}", "conversation_id": f"c{number}", "owner_id": f"u{number % 3}", "agent_id": "a",
        "pool": "default", "priority": 4, "seq": number, "state": state, "hold_reason": None, "attempt": 0,
        "version": 1, "worker_id": None, "created_at": float(number), "queued_at": None, "started_at": None,
        "first_token_at": None, "finished_at": None,
    } | fields  # fmt: skip
    return LineEntry(**values)


class LaneMachine(RuleBasedStateMachine):
    """A lane against a sorted list."""

    def __init__(self) -> None:
        super().__init__()
        self.lane = Lane()
        self.model: list[int] = []
        self.next = 1

    @rule()
    def arrive(self) -> None:
        self.lane.add(self.next)
        self.model.append(self.next)
        self.next += 2

    @rule(back=st.integers(0, 40))
    def arrive_late(self, back: int) -> None:
        seq = max(0, self.next - 1 - 2 * back)
        if seq not in self.model:
            self.lane.add(seq)
            self.model = sorted([*self.model, seq])

    @precondition(lambda self: self.model)
    @rule(where=st.floats(0, 0.999))
    def leave(self, where: float) -> None:
        seq = self.model.pop(int(where * len(self.model)))
        self.lane.remove(seq)

    @precondition(lambda self: self.model)
    @rule(count=st.integers(1, 80))
    def serve(self, count: int) -> None:
        for seq in self.model[:count]:
            self.lane.remove(seq)
        del self.model[:count]

    @invariant()
    def ranks_agree(self) -> None:
        assert len(self.lane) == len(self.model)
        assert [self.lane.rank(seq) for seq in self.model] == list(range(len(self.model)))


LaneMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=60, deadline=None)
TestLane = LaneMachine.TestCase


@given(st.permutations(range(12)), st.lists(st.integers(0, 9), min_size=12, max_size=12))
def test_positions_do_not_depend_on_the_order_of_events(order: list[int], priorities: list[int]) -> None:
    entries = [entry(number, priority=priorities[number]) for number in range(12)]
    ledger = Ledger()
    for number in order:
        ledger.apply(entries[number])
        ledger.apply(entries[number])
    ranked = sorted(entries, key=lambda e: (-e.priority, e.seq))
    assert [ledger.position(e) for e in ranked] == list(range(12))
    assert list(ledger.in_order()) == ranked


def test_an_older_version_changes_nothing() -> None:
    ledger = Ledger()
    ledger.apply(entry(1, TicketState.STREAMING, version=5))
    assert not ledger.apply(entry(1, version=4))
    assert ledger.entries["t1"].state is TicketState.STREAMING


def test_a_late_event_does_not_bring_an_ended_ticket_back() -> None:
    ledger = Ledger()
    ledger.apply(entry(1, version=1))
    ledger.apply(entry(1, TicketState.COMPLETE, version=3))
    assert not ledger.apply(entry(1, TicketState.STREAMING, version=2))
    assert ledger.entries == {}


def test_a_held_ticket_shows_the_rank_it_would_get() -> None:
    ledger = Ledger()
    for number in range(3):
        ledger.apply(entry(number))
    ledger.apply(entry(9, priority=9))
    held = entry(5, TicketState.HELD, seq=0, hold_reason=HoldReason.USER_LIMIT)
    ledger.apply(held)
    assert ledger.position(held) == 4


def test_reconcile_repairs_and_counts_the_drift() -> None:
    ledger = Ledger()
    for number in range(4):
        ledger.apply(entry(number))
    before = ledger.versions()
    ledger.apply(entry(8))
    fresh = [entry(1), entry(2, TicketState.STREAMING, version=2), entry(3), entry(7)]
    # t0 has ended, t2 went on, t7 is new; t8 came while the read was under way and stays.
    assert ledger.reconcile(fresh, before) == 3
    assert sorted(ledger.entries) == ["t1", "t2", "t3", "t7", "t8"]
    assert ledger.reconcile([*fresh, entry(8)], ledger.versions()) == 0


def test_an_owners_tickets_are_known_from_first_to_last() -> None:
    ledger = Ledger()
    for number in (0, 3, 6):
        ledger.apply(entry(number))
    ledger.apply(running := entry(3, TicketState.STREAMING, version=2, worker_id="w"))
    assert ledger.of_owner("u0") == [entry(0), running, entry(6)]
    ledger.apply(entry(3, TicketState.COMPLETE, version=3))
    ledger.reconcile([entry(6)], ledger.versions())
    assert ledger.of_owner("u0") == [entry(6)]
    ledger.apply(entry(6, TicketState.CANCELLED, version=2))
    assert (ledger.of_owner("u0"), ledger.entries, ledger._by_owner) == ([], {}, {})


def test_silent_workers_are_gone_after_six_seconds() -> None:
    ledger = Ledger()
    ledger.see_worker(
        WorkerSeen(worker_id="w", incarnation="i", pool="default", slots=4, busy=0, draining=False, at=100.0)
    )
    ledger.lose_silent_workers(105.0)
    assert ledger.slots("default") == 4
    ledger.lose_silent_workers(106.1)
    assert ledger.slots("default") == 0
