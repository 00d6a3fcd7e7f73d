"""When the next services of a pool end, and so when those who wait get their slots.

The ticket with ``p`` before it gets a slot when the ``p + 1``st service from now on ends, so what is reckoned is
``N(t)``, how many services end within ``t``. Every slot adds the end of what it runs, whose age is known, and then the
ends of what follows. ``N`` is a sum over slots and nearly normal, hence the wait is below ``t`` with the probability of
the standard score ``z`` where ``E N(t) - z sd N(t) = p + ½`` (the half corrects for continuity).
"""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from math import sqrt
from statistics import NormalDist
from typing import NamedTuple

from tokenline.core.lifetimes import POINTS, Lifetimes

Z = NormalDist().inv_cdf(0.9)
"""Standard score of what one in ten exceeds."""

_SLOTS = 32
"""More slots than these are represented by so many, evenly chosen by age."""
_END_POINTS = 320
_MOMENTS = 20


class Wait(NamedTuple):
    """Seconds; one in ten is shorter than ``low`` and one in ten longer than ``high``."""

    low: float
    mean: float
    high: float


class Ends:
    """``ages``: of the running services; slots beyond them are idle. ``ahead`` tickets go before all others."""

    def __init__(self, slots: int, ages: Sequence[float], law: Lifetimes, *, ahead: int = 0) -> None:
        self._ahead = ahead
        self._idle = max(0, slots - len(ages))
        self._slots = slots
        self._law = law
        self._moments: list[float] = [0.0]
        self._means: list[float] = [float(self._idle)]
        self._variances: list[float] = [0.0]
        self._reckon(sorted(ages)[-slots:])
        deviations = list(map(sqrt, self._variances))
        self._curves = {z: self._curve(z, deviations) for z in (-Z, 0.0, Z)}

    def wait(self, position: int) -> Wait:
        """Until a slot is free for the ticket with ``position`` others before it."""
        ends = position + self._ahead + 0.5
        if ends < self._idle:
            return Wait(0.0, 0.0, 0.0)
        low, median, high = (self._when(z, ends) for z in self._curves)
        # The mean of a skewed distribution from three quantiles, by the expansion of Cornish and Fisher (1938).
        return Wait(low, median + (low + high - 2 * median) / (2 * Z * Z), high)

    def _curve(self, z: float, deviations: Sequence[float]) -> list[float]:
        """How many ends there are by each moment, but for the chance that belongs to ``z``. Never falls."""
        return list(accumulate([mean - z * dev for mean, dev in zip(self._means, deviations, strict=True)], max))

    def _when(self, z: float, ends: float) -> float:
        """When the curve of ``z`` reaches so many ends."""
        curve = self._curves[z]
        if ends > curve[-1]:
            return self._extrapolate(z, ends)
        index = bisect_left(curve, ends)
        before, after = curve[index - 1], curve[index]
        begin = self._moments[index - 1]
        return begin + (self._moments[index] - begin) * (ends - before) / (after - before)

    def _extrapolate(self, z: float, ends: float) -> float:
        """In the long run mean and variance of ``N`` grow by ``s / m`` and ``c² s / m`` a second (Cox, 1962), so the
        equation of the score is quadratic in what lies beyond the last moment."""
        variation = self._law.variation
        more, skew = ends - self._means[-1], z * z * variation / 2
        spread = z * sqrt(max(0.0, self._variances[-1] + variation * (more + skew / 2)))
        return self._moments[-1] + (more + skew + spread) * self._law.mean_s / self._slots

    # ── how many end by when ─────────────────────────────────────────────────────────────────────────────────────────

    def _reckon(self, ages: Sequence[float]) -> None:
        """Fill in mean and variance of ``N`` at growing moments, on both sides of where many end at once.

        A slot that has ended what it ran with probability ``G`` adds ``G (1 - G)`` to the variance by that, ``G² v`` by
        its ends to come having begun at an uncertain time (``v``: variance of what remains over ``m²``), and ``c²`` for
        each of them. The last two are exact in the long run, and always where services are exponential.
        """
        law, slots = self._law, self._slots
        chosen = _evenly(ages)
        weight = len(ages) / len(chosen) if chosen else 0.0
        count = max(8, min(32, _END_POINTS // max(1, len(chosen))))
        levels = [(index + 0.5) / count for index in range(count)]
        remaining = [law.remaining(age, levels) for age in chosen]
        uncertain = [rest.variance / law.mean_s**2 if law.mean_s else 0.0 for rest in remaining]
        firsts = sorted((end, slot) for slot, rest in enumerate(remaining) for end in rest.quantiles)
        # What follows is taken as in equilibrium, moved by how much later than there the running ones end.
        moved = weight * sum(rest.mean_s for rest in remaining) / slots - law.met_s
        ended = [0] * len(chosen)
        mean, variance, index = float(self._idle), 0.0, 0
        for moment in self._choose_moments(firsts, moved):
            further = slots * law.further_ends(moment - moved)
            for side in (moment, moment + _INSTANT):
                while index < len(firsts) and firsts[index][0] < side:
                    slot = firsts[index][1]
                    twice = 2 * ended[slot] + 1
                    ended[slot] += 1
                    mean += weight / count
                    variance += weight * (count - twice + uncertain[slot] * twice) / (count * count)
                    index += 1
                self._moments.append(moment)
                self._means.append(mean + further)
                self._variances.append(max(0.0, variance) + law.variation * further)

    def _choose_moments(self, firsts: Sequence[tuple[float, int]], moved: float) -> list[float]:
        """Where running services end, and where those that follow do."""
        moments = {end for end, _ in firsts[:: max(1, len(firsts) // _MOMENTS)]}
        moments.update(end for end, _ in firsts[-1:])
        moments.update(point + moved for point in self._law.points[:: POINTS // _MOMENTS] if point + moved > 0)
        return sorted(moments)


_INSTANT = 1e-9


def _evenly(ages: Sequence[float]) -> Sequence[float]:
    """At most `_SLOTS` of them."""
    if len(ages) <= _SLOTS:
        return ages
    return [ages[(2 * index + 1) * len(ages) // (2 * _SLOTS)] for index in range(_SLOTS)]
