"""First and last in the line: to which level an administrator puts a ticket."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from services.admin_dashboard.levels import back_level, front_level
from tests.support.line_entries import an_entry
from tokenline.contracts.events import LineEntry
from tokenline.contracts.tickets import HoldReason, TicketState
from tokenline.contracts.topology import HIGHEST, RESUME_PRIORITY
from tokenline.core.ledger import Ledger

AT = 1_800_000_000.0


class Waiting:
    """One pool, in which tickets wait at the given levels, in order of arrival."""

    def __init__(self, *levels: int) -> None:
        self.ledger = Ledger()
        self.entries = [an_entry(number, AT, priority=level) for number, level in enumerate(levels, start=1)]
        self.seq = len(levels)
        for entry in self.entries:
            self.ledger.apply(entry)

    @property
    def line(self):
        return self.ledger.pool("default")

    def moved(self, entry: LineEntry, level: int) -> LineEntry:
        """As `Line.reposition` does it: not at all to where it is, else to the back of the level."""
        if level == entry.priority:
            return entry
        self.seq += 1
        there = replace(entry, priority=level, seq=self.seq, version=entry.version + 1)
        self.ledger.apply(there)
        return there


@pytest.mark.parametrize(
    ("levels", "which", "goes_to"),
    [
        ([4, 4, 4], 2, 5),
        ([4, 4, 4], 0, 4),
        ([4, 6, 2], 2, 7),
        ([4, 6, 2], 1, 6),
        ([4, 9], 0, 9),
        ([9, 9], 1, 9),
        ([4, RESUME_PRIORITY], 0, 4),
        ([4, 4, RESUME_PRIORITY], 1, 5),
        ([4, RESUME_PRIORITY], 1, RESUME_PRIORITY),
    ],
)
def test_to_the_front(levels, which, goes_to):
    waiting = Waiting(*levels)
    assert front_level(waiting.line, waiting.entries[which]) == goes_to


@pytest.mark.parametrize(
    ("levels", "which", "goes_to"),
    [
        ([4, 4, 4], 0, 3),
        ([4, 4, 4], 2, 4),
        ([4, 6, 2], 1, 1),
        ([4, 6, 2], 2, 2),
        ([4, 0], 0, 0),
        ([0, 0], 0, 0),
        ([RESUME_PRIORITY, 4], 0, 3),
    ],
)
def test_to_the_back(levels, which, goes_to):
    waiting = Waiting(*levels)
    assert back_level(waiting.line, waiting.entries[which]) == goes_to


def test_a_held_ticket_enters_its_own_level_last():
    waiting = Waiting(4, 6)
    held = an_entry(9, AT, priority=4, state=TicketState.HELD, hold_reason=HoldReason.USER_LIMIT)
    waiting.ledger.apply(held)
    assert front_level(waiting.line, held) == 7
    assert back_level(waiting.line, held) == 4
    assert back_level(waiting.line, replace(held, priority=6)) == 3
    assert front_level(waiting.line, replace(held, priority=7)) == 7


@settings(max_examples=300, derandomize=True, deadline=None)
@given(levels=st.lists(st.integers(0, RESUME_PRIORITY), min_size=1, max_size=12), which=st.integers(0, 11))
def test_it_comes_first_or_last_and_doing_it_twice_is_doing_it_once(levels, which):
    which %= len(levels)

    waiting = Waiting(*levels)
    entry = waiting.entries[which]
    first = waiting.moved(entry, front_level(waiting.line, entry))
    assert waiting.ledger.position(first) <= waiting.ledger.position(entry)
    assert first.priority == HIGHEST or waiting.ledger.position(first) <= len(waiting.line.lanes[RESUME_PRIORITY])
    assert front_level(waiting.line, first) == first.priority

    waiting = Waiting(*levels)
    last = waiting.moved(entry, back_level(waiting.line, entry))
    assert last.priority == 0 or waiting.ledger.position(last) == len(levels) - 1
    assert back_level(waiting.line, last) == last.priority
