"""The law of service times: what still runs counts as "at least so long", and what remains depends on the age."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenline.core.lifetimes import POINTS, Lifetimes


def longer(law: Lifetimes, seconds: float) -> float:
    return sum(point > seconds for point in law.points) / POINTS


def test_the_textbook_case():
    """Kaplan and Meier (1958), section 2: deaths at 0.8, 3.1, 5.4 and 9.2 months, losses at 1.0, 2.7, 7.0 and 12.1."""
    law = Lifetimes([0.8, 3.1, 5.4, 9.2], [1.0, 2.7, 7.0, 12.1])
    survival = {0.9: 7 / 8, 3.2: 7 / 10, 6.0: 21 / 40, 9.1: 21 / 40, 9.3: 21 / 80}
    assert {at: longer(law, at) for at in survival} == pytest.approx(survival, abs=1 / POINTS)


def test_without_running_ones_it_is_what_was_seen():
    law = Lifetimes([1.0, 2.0, 3.0, 6.0])
    assert (law.mean_s, law.points[0], law.points[-1]) == (3.0, 1.0, 6.0)
    assert law.variation == pytest.approx(3.5 / 9)
    # Met at a random moment: E X² / 2 E X.
    assert law.met_s == pytest.approx((1 + 4 + 9 + 36) / 4 / 2 / 3)


def test_the_first_to_end_are_not_the_usual():
    """Sixteen began at once; after 4 s the four shortest have ended."""
    draws = random.Random(3)
    lengths = sorted(draws.expovariate(1 / 10) for _ in range(16))
    ended, running = lengths[:4], [lengths[3]] * 12
    assert Lifetimes(ended).mean_s < 5
    assert 8 < Lifetimes(ended, running).mean_s < 14


def test_what_remains_is_less_with_age_unless_tails_are_long():
    even = Lifetimes([float(second) for second in range(1, 21)])
    assert even.remaining(10.0, [0.0, 0.5]).quantiles == [1.0, 6.0]
    assert even.remaining(10.0, [0.5]).mean_s == pytest.approx(5.5)
    # Nobody took so long yet; what lies beyond the last few is told by the tail.
    assert even.remaining(50.0, [0.5]).mean_s == pytest.approx(1.5)


def test_further_ends_of_exponential_services_are_those_of_a_poisson_process():
    draws = random.Random(5)
    law = Lifetimes(sorted(draws.expovariate(1) for _ in range(4096)))
    # t less the chance of a first one: t - 1 + e⁻ᵗ.
    assert [law.further_ends(t) for t in (-1.0, 0.0, 0.5, 1.0, 3.0)] == pytest.approx(
        [0.0, 0.0, 0.1065, 0.3679, 2.0498], abs=0.06
    )


@given(
    ended=st.lists(st.floats(1e-3, 1e5), min_size=1, max_size=50),
    running=st.lists(st.floats(0, 1e5), max_size=50),
    age=st.floats(0, 2e5),
)
def test_any_sample_makes_a_law(ended, running, age):
    law = Lifetimes(sorted(ended), sorted(running))
    assert len(law.points) == POINTS
    assert law.points == sorted(law.points)
    rest = law.remaining(age, [0.0, 0.3, 0.9])
    assert rest.quantiles == sorted(rest.quantiles)
    assert rest.quantiles[0] >= 0
    assert rest.variance >= 0
    assert law.further_ends(age) >= 0
