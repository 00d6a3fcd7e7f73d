"""The window of service times: long while nothing changes, short after something did."""

import random

import pytest

from tests.bench.eta.measure import LAWS
from tokenline.core.service_times import WINDOW, ServiceTimes

SLOTS = 4


def fed(law, count: int, *, seed: int, factor: float = 1.0, known: ServiceTimes | None = None) -> ServiceTimes:
    """Ends of ``count`` services more, looked at after each as a gateway does."""
    draws, known = random.Random(seed), known or ServiceTimes()
    for _ in range(count):
        known.add(factor * law.draw(draws))
        known.sample(SLOTS)
    return known


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_it_grows_to_its_bound_while_nothing_changes(law):
    assert len(fed(law, WINDOW, seed=1)) == WINDOW
    assert len(fed(law, 3 * WINDOW, seed=2)) == WINDOW


@pytest.mark.parametrize("factor", [3.0, 1 / 3], ids=["slower", "faster"])
@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_a_change_is_believed_after_some_eighty_answers(law, factor):
    known = fed(law, WINDOW, seed=1)
    fed(law, 80, seed=2, factor=factor, known=known)
    assert len(known) < WINDOW / 4
    assert known.sample(0).lifetimes([]).mean_s / law.mean_s == pytest.approx(factor, rel=0.35)


def test_ends_in_order_of_length_are_no_change():
    """Sixty-four begin at once, again and again: the short ones end first."""
    draws, known = random.Random(1), ServiceTimes()
    for _ in range(8):
        for seconds in sorted(LAWS["short and long"].draw(draws) for _ in range(64)):
            known.add(seconds)
            known.sample(64)
    assert len(known) == WINDOW


@pytest.mark.parametrize("seconds", [0.1, 3.3, 10.0])
def test_services_that_take_exactly_as_long_are_no_change(seconds):
    known = ServiceTimes()
    for _ in range(WINDOW):
        known.add(seconds)
        known.sample(SLOTS)
    assert len(known) == WINDOW


def test_running_ones_count_until_something_is_forgotten():
    known = ServiceTimes()
    for _ in range(WINDOW):
        known.add(10.0)
    assert known.sample(100).lifetimes([500.0] * 100).mean_s > 20
    known.add(10.0)
    assert known.sample(100).lifetimes([500.0] * 100).mean_s == pytest.approx(10)


def test_clocks_that_went_back_give_no_negative_times():
    known = ServiceTimes()
    known.add(-5.0, -6.0)
    assert known.first_tokens() == [0.0]
    assert 0 < known.sample(0).lifetimes([]).mean_s < 0.01
