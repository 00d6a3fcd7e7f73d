"""Sliding windows over tickets: bounded by age and number."""

from services.admin_dashboard.recent import Recent, percentile


def test_counts_what_is_inside_the_span():
    recent = Recent(60, most=100)
    recent.add("a", at=0, now=0)
    recent.add("b", at=30, now=30)
    assert recent.count(59) == 2
    assert recent.count(60) == 1
    assert recent.count(90) == 0


def test_the_same_ticket_counts_once():
    recent = Recent(60, most=100)
    recent.add("a", at=0, now=0, value=1)
    recent.add("a", at=5, now=5, value=2)
    assert recent.values(5) == [1]


def test_what_was_long_ago_is_not_taken_in():
    recent = Recent(60, most=100)
    recent.add("a", at=0, now=60)
    assert recent.count(60) == 0


def test_a_time_ahead_of_the_clock_does_not_outlive_the_span():
    recent = Recent(60, most=100)
    recent.add("a", at=3600, now=0)
    assert recent.count(60) == 0


def test_an_old_one_behind_a_fresh_one_is_dropped_too():
    recent = Recent(60, most=100)
    recent.add("fresh", at=50, now=50)
    recent.add("old", at=0, now=50)
    assert recent.count(70) == 1


def test_when_full_the_oldest_makes_room():
    recent = Recent(60, most=2)
    for number, ticket in enumerate("abc"):
        recent.add(ticket, at=0, now=0, value=number)
    assert recent.values(0) == [1, 2]


def test_percentiles():
    assert percentile([], 0.5) is None
    assert percentile([7.0], 0.95) == 7.0
    hundred = [float(number) for number in range(100)]
    assert percentile(hundred, 0.5) == 50
    assert percentile(hundred, 0.95) == 95
