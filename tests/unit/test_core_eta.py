"""The forecast on lines small enough to be reckoned by hand, and its order on all others."""

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.eta.laws import Lognormal
from tokenline.core.ends import Ends
from tokenline.core.eta import Forecast, forecast
from tokenline.core.lifetimes import Lifetimes
from tokenline.core.overtaking import Joins
from tokenline.core.service_times import FEWEST, ServiceTimes
from tokenline.core.slots import Ages, Slots

ORDINARY, URGENT = 4, 7


def times(seconds: Sequence[float], first_token_s: float | None = None) -> ServiceTimes:
    known = ServiceTimes()
    for value in seconds:
        known.add(value, first_token_s)
    return known


def look(
    slots: int,
    ages: Sequence[float],
    known: ServiceTimes,
    *,
    met: Sequence[float] = (),
    ahead: int = 0,
    joins: Joins | None = None,
    now: float = 0.0,
) -> Forecast:
    held, running = Slots(slots, len(ages), len(met), ahead), Ages([*ages], [*met])
    made = forecast(now, slots=held, ages=lambda: running, times=known, joins=joins or Joins())
    assert made is not None
    return made


def says_nothing(slots: int, known: ServiceTimes) -> bool:
    held = Slots(slots, begun=0, met=0, ahead=0)
    return forecast(0.0, slots=held, ages=lambda: Ages([], []), times=known, joins=Joins()) is None


def test_no_number_without_a_worker_or_with_too_few_samples():
    enough = times([10] * FEWEST)
    assert says_nothing(0, enough)
    assert says_nothing(1, times([10] * (FEWEST - 1)))
    assert not says_nothing(1, enough)


def test_equal_services_are_counted_in_rounds_less_what_has_passed():
    made = look(2, [4.0, 1.0], times([10] * 600))
    # The slots are free in 6 s and 9 s; a round later, in 16 s and 19 s.
    assert [made.at(position, ORDINARY).likely_s for position in (0, 1)] == [6.0, 9.0]
    assert [made.at(position, ORDINARY).likely_s for position in (2, 3, 22, 23)] == pytest.approx(
        [16, 19, 116, 119], abs=1.1
    )


def test_an_idle_slot_leaves_only_the_time_to_the_first_token():
    made = look(3, [2.0], times([10] * 5, first_token_s=0.7))
    told = [made.at(position, ORDINARY) for position in range(3)]
    assert [(eta.soonest_s, eta.likely_s, eta.worst_s) for eta in told[:2]] == [(0.7, 0.7, 0.7)] * 2
    assert told[2].likely_s == pytest.approx(8.7)


def test_with_many_slots_the_first_is_free_soon_though_each_takes_long():
    """The mean of the soonest of sixteen is not the mean of one."""
    made = look(16, [index / 2 for index in range(16)], times([index / 2 for index in range(1, 41)]))
    assert made.at(0, ORDINARY).worst_s < 4 < made.at(15, ORDINARY).likely_s


def test_the_first_to_end_is_the_minimum_of_all():
    draws = random.Random(1)
    exponential = Lifetimes(sorted(draws.expovariate(1) for _ in range(4096)))
    # The minimum of four is exponential with a quarter of the mean.
    assert Ends(4, [0.0, 1.0, 2.0, 3.0], exponential).wait(0) == pytest.approx((0.026, 0.25, 0.576), abs=0.02)


def test_what_has_ended_nothing_yet_is_not_followed():
    """Sixteen long-tailed services have just begun: far from equilibrium, most of which is old and long."""
    law, draws = Lognormal(median_s=8.0, sigma=1.2), random.Random(1)
    drawn = sorted(sorted(law.draw(draws) for _ in range(16))[3] for _ in range(400))
    made = Ends(16, [0.0] * 16, Lifetimes(sorted(law.draw(draws) for _ in range(4096)))).wait(3)
    assert made.mean == pytest.approx(sum(drawn) / 400, rel=0.35)


def test_who_has_run_long_takes_longer_still_where_tails_are_long():
    long_tailed = times(random.Random(1).sample([1.2**index for index in range(40)] * 10, 400))
    waits = [look(1, [age], long_tailed).at(0, ORDINARY).likely_s for age in (0.0, 10.0, 100.0)]
    assert waits == sorted(waits)
    even = times([9.5, 10.0, 10.5] * 20)
    assert [look(1, [age], even).at(0, ORDINARY).likely_s < 1 for age in (5.0, 10.4)] == [False, True]


def test_few_samples_make_a_wide_range():
    lengths = [5, 10, 30]
    few, many = (look(1, [], times(lengths * repeat)).at(50, ORDINARY) for repeat in (1, 100))
    assert few.worst_s - few.soonest_s > 3 * (many.worst_s - many.soonest_s)


def test_tickets_that_lost_their_worker_go_first():
    known = times([10] * 20)
    assert look(1, [3.0], known, ahead=2).at(4, ORDINARY) == look(1, [3.0], known).at(6, ORDINARY)


def test_who_can_be_overtaken_waits_longer_and_knows_less():
    joins = Joins()
    for number in range(400):
        joins.add(float(number), URGENT if number % 4 == 0 else ORDINARY)
    made = look(1, [0.5], times([0.5, 1.5] * 50), joins=joins, now=400.0)
    ordinary, urgent = made.at(30, ORDINARY), made.at(30, URGENT)
    # A quarter of the slot, less a little as sixteen that overtake nobody are assumed, goes to others.
    assert ordinary.likely_s / urgent.likely_s == pytest.approx(4 / 3, rel=0.03)
    assert (ordinary.worst_s - ordinary.soonest_s) / ordinary.likely_s > (
        urgent.worst_s - urgent.soonest_s
    ) / urgent.likely_s


def test_a_burst_is_not_taken_for_a_habit_of_overtaking():
    """Forty urgent ones of two hundred in a second cannot go on like that: there are no slots for more than all."""
    joins = Joins()
    for number in range(200):
        joins.add(number / 200, URGENT if number % 5 == 0 else ORDINARY)
    assert joins.by(1.0).taken_above(each_s=2.5)[ORDINARY] == pytest.approx(0.2, abs=0.02)
    assert joins.by(1.0).taken_above(each_s=2.5)[URGENT] == 0


def test_far_back_neighbours_share_a_number_that_is_right_within_one_percent():
    made = look(4, [1.0] * 4, times([2, 4, 6] * 100))
    for position in (300, 1_000, 50_000):
        alone = look(4, [1.0] * 4, times([2, 4, 6] * 100), ahead=position).at(0, ORDINARY)
        assert made.at(position, ORDINARY).likely_s == pytest.approx(alone.likely_s, rel=0.01)
    assert made.at(1_000, ORDINARY) is made.at(1_001, ORDINARY)


seconds = st.floats(0, 3600) | st.sampled_from([0.0, 1.0, 10.0])


@given(
    slots=st.integers(1, 70),
    samples=st.lists(seconds, min_size=FEWEST, max_size=60),
    ages=st.lists(seconds, max_size=90),
    met=st.lists(seconds, max_size=5),
    ahead=st.integers(0, 3),
)
def test_further_back_is_never_sooner_and_the_range_holds_what_is_likely(slots, samples, ages, met, ahead):
    made = look(slots, ages, times(samples, first_token_s=0.2), met=met, ahead=ahead)
    told = [made.at(position, ORDINARY) for position in [*range(0, 3 * slots), 1_000, 10_000]]
    assert all(0 <= eta.soonest_s <= eta.likely_s <= eta.worst_s for eta in told)
    assert [eta.likely_s for eta in told] == sorted(eta.likely_s for eta in told)
