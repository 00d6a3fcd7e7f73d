"""Sliding windows: never more than the limit in any span, and what was used comes back in time."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tokenline.contracts.limits import Charge, Limit, LimitName
from tokenline.core import windows

PER_S = 60.0


def charge(most: int = 10, amount: int = 1, per_s: float = PER_S) -> Charge:
    return Charge(name=LimitName.MESSAGES, subject="user:ann", limit=Limit(max=most, per_s=per_s), amount=amount)


def run(times: list[float], one: Charge) -> tuple[list[float], windows.Entries]:
    """Who asks at these times, and which of them are admitted."""
    entries: windows.Entries = ()
    admitted = []
    for now in times:
        entries = windows.live(entries, one.limit, now)
        if windows.free_at(entries, one) is None:
            entries = windows.add(entries, one.limit, one.amount, now)
            admitted.append(now)
    return admitted, entries


# On a grid of half seconds, six of which are kept as one, so that many fall together.
times = st.lists(st.integers(0, 400).map(lambda half: half / 2), min_size=1, max_size=150).map(sorted)


@given(times, st.integers(1, 12))
def test_no_span_of_the_window_ever_has_more_than_the_limit(asked: list[float], most: int) -> None:
    admitted, entries = run(asked, charge(most))
    for start in admitted:
        assert sum(start <= at < start + PER_S for at in admitted) <= most
    assert len(entries) <= windows.STEPS + 1


@given(times, st.integers(1, 12))
def test_a_place_comes_back_late_by_a_twentieth_of_the_window_at_most(asked: list[float], most: int) -> None:
    one = charge(most)
    entries: windows.Entries = ()
    admitted: list[float] = []
    for now in asked:
        entries = windows.live(entries, one.limit, now)
        exact = sum(at > now - PER_S - PER_S / 20 for at in admitted)
        if exact < most:
            assert windows.free_at(entries, one) is None
        if windows.free_at(entries, one) is None:
            entries = windows.add(entries, one.limit, 1, now)
            admitted.append(now)


@given(times, st.integers(1, 12))
def test_who_comes_when_told_to_is_admitted_and_not_a_moment_before(asked: list[float], most: int) -> None:
    one = charge(most)
    _, entries = run(asked, one)
    free_at = windows.free_at(entries, one)
    if free_at is not None:
        assert windows.free_at(windows.live(entries, one.limit, free_at), one) is None
        assert windows.free_at(windows.live(entries, one.limit, free_at - 0.001), one) is not None


def test_what_is_kept_together_comes_back_with_the_latest_of_it() -> None:
    one = charge(2)
    entries = windows.add(windows.add((), one.limit, 1, 0.5), one.limit, 1, 2.5)
    assert entries == ((2.5, 2),)
    assert windows.free_at(windows.live(entries, one.limit, 61.0), one) == 62.5
    assert windows.free_at(windows.live(entries, one.limit, 62.5), one) is None


def test_an_amount_of_nothing_asks_whether_there_is_room() -> None:
    one = charge(100, amount=0)
    entries = windows.add((), one.limit, 99, 0.0)
    assert windows.free_at(entries, one) is None
    assert windows.add(entries, one.limit, 0, 1.0) == entries
    # Post-paid: the last answer may go beyond, and is waited for in full.
    entries = windows.add(entries, one.limit, 500, 10.0)
    assert windows.free_at(entries, one) == 70.0
    assert windows.used(entries) == 599


def test_taking_back_takes_the_latest_and_never_more_than_there_is() -> None:
    limit = charge().limit
    entries = windows.add(windows.add((), limit, 3, 0.0), limit, 2, 30.0)
    assert windows.take_back(entries, 1) == ((0.0, 3), (30.0, 1))
    assert windows.take_back(entries, 4) == ((0.0, 1),)
    assert windows.take_back(entries, 99) == ()


def test_a_clock_that_is_ahead_locks_nobody_out_for_longer_than_its_own_share() -> None:
    one = charge(2)
    entries = windows.add(windows.add((), one.limit, 1, 3600.0), one.limit, 1, 0.0)
    assert entries == ((0.0, 1), (3600.0, 1))
    assert windows.free_at(windows.live(entries, one.limit, 60.0), one) is None


def test_what_is_told_of_it() -> None:
    one = charge(3)
    entries = windows.add(windows.add((), one.limit, 2, 0.0), one.limit, 1, 30.0)
    told = windows.state(entries, one, 40.0)
    assert (told.of, told.used, told.remaining, told.next_at, told.reset_at) == ("user", 3, 0, 60.0, 90.0)
    later = windows.state(entries, one, 60.0)
    assert (later.used, later.remaining, later.next_at, later.reset_at) == (1, 2, None, 90.0)
    assert windows.state(entries, one, 90.0).reset_at is None
    worse = replace(told, next_at=61.0)
    assert windows.first_to_name([told, worse]) is worse
