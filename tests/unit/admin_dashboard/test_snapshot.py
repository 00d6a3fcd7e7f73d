"""The sorted line: positions are the ledger's, cursors are places."""

from hypothesis import given
from hypothesis import strategies as st

from services.admin_dashboard.snapshot import Snapshot, after
from tests.support.line_entries import a_heartbeat, an_entry, claimed
from tokenline.contracts.tickets import HoldReason, TicketState
from tokenline.core.ledger import Ledger

NOW = 1_800_000_000.0

entries = st.lists(
    st.tuples(
        st.sampled_from(["default", "large"]),
        st.integers(0, 10),
        st.sampled_from([TicketState.HELD, TicketState.QUEUED, TicketState.PROCESSING]),
    ),
    max_size=40,
)


def ledger_of(*drafts) -> Ledger:
    ledger = Ledger()
    for draft in drafts:
        ledger.apply(draft)
    return ledger


@given(entries)
def test_positions_are_those_the_owners_see(drawn):
    ledger = ledger_of(
        *(an_entry(number, NOW, pool=p, priority=q, state=s) for number, (p, q, s) in enumerate(drawn, start=1))
    )
    for row in Snapshot(ledger, NOW).rows:
        running = row.entry.state is TicketState.PROCESSING
        assert row.position == (None if running else ledger.position(row.entry))


def test_running_comes_first_then_the_queue_by_priority_then_what_is_held():
    ledger = ledger_of(
        an_entry(1, NOW, state=TicketState.HELD, hold_reason=HoldReason.INDEXING, seq=0),
        an_entry(2, NOW, priority=4),
        an_entry(3, NOW, priority=9),
        claimed(an_entry(4, NOW, priority=0), NOW),
        an_entry(5, NOW, priority=4),
    )
    rows = Snapshot(ledger, NOW).rows
    assert [(row.entry.seq, row.position) for row in rows] == [(4, None), (3, 0), (2, 1), (5, 2), (0, 3)]


def test_a_cursor_is_a_place_even_when_its_ticket_left():
    drafts = [an_entry(number, NOW) for number in range(1, 6)]
    rows = Snapshot(ledger_of(*drafts), NOW).rows
    key = rows[1].key
    assert after(rows, None) == 0
    assert [row.entry.seq for row in rows[after(rows, key) :]] == [3, 4, 5]
    shorter = Snapshot(ledger_of(*drafts[2:]), NOW).rows
    assert [row.entry.seq for row in shorter[after(shorter, key) :]] == [3, 4, 5]


def test_the_oldest_is_the_one_accepted_first_not_the_one_in_front():
    ledger = ledger_of(an_entry(1, NOW - 5, priority=9), an_entry(2, NOW - 60, priority=0))
    snapshot = Snapshot(ledger, NOW)
    assert snapshot.age_s(snapshot.oldest["default"]) == 60


def test_only_the_queue_has_forecasts():
    running = claimed(an_entry(1, NOW), NOW)
    ledger = ledger_of(running, an_entry(2, NOW), an_entry(3, NOW, state=TicketState.HELD))
    for _ in range(5):
        ledger.pool("default").outlook.service_times.add(10)
    ledger.see_worker(a_heartbeat(NOW, slots=1))
    first, second, third = Snapshot(ledger, NOW).rows
    snapshot = Snapshot(ledger, NOW)
    assert snapshot.eta(first) is None
    eta = snapshot.eta(second)
    assert eta is not None
    assert eta.likely_s == 10
    assert snapshot.eta(third) is None
