"""When the next services of a pool end, and so when those who wait get their slots.

The ticket with ``p`` before it gets a slot when the ``p + 1``st service from now on ends, so what is reckoned is
``N(t)``, how many services end within ``t``. Every slot adds the end of what it runs, whose age is known, and then the
ends of what follows. ``N`` is a sum over slots and nearly normal, hence the wait is below ``t`` with the probability of
the standard score ``z`` where ``E N(t) - z sd N(t) = p + ½`` (the half corrects for continuity).
"""

from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate
from math import sqrt
from statistics import NormalDist

from tokenline.core.lifetimes import POINTS, Lifetimes
from tokenline.core.running import Ended, Running, Wait

Z = NormalDist().inv_cdf(0.9)
"""Standard score of what one in ten exceeds."""

_MOMENTS = 20
AT_ONCE = Wait(0.0, 0.0, 0.0)


class Ends:
    """``ages``: of the running services; slots beyond them are idle. ``ahead`` tickets go before all others."""

    def __init__(self, slots: int, ages: Sequence[float], law: Lifetimes, *, ahead: int = 0) -> None:
        self._slots = slots
        self._law = law
        self._ahead = ahead
        self._ages = ages
        self._idle = max(0, slots - len(ages))

    def wait(self, position: int) -> Wait:
        """Until a slot is free for the ticket with ``position`` others before it."""
        if position + self._ahead < max(1, self._idle):
            return self._first
        low, median, high = (self._when(z, position + self._ahead + 0.5) for z in self._curves)
        # The mean of a skewed distribution from three quantiles, by the expansion of Cornish and Fisher (1938).
        mean = median + (low + high - 2 * median) / (2 * Z * Z)
        return Wait(max(low, self._first.low), max(mean, self._first.mean), max(high, self._first.high))

    # Reckoned when first asked for: while slots are idle, nobody asks.

    @cached_property
    def _running(self) -> Running:
        return Running(sorted(self._ages)[-self._slots :], self._law)

    @cached_property
    def _first(self) -> Wait:
        return AT_ONCE if self._idle else self._running.first()

    @cached_property
    def _ended(self) -> list[Ended]:
        return [Ended(0.0, float(self._idle), 0.0), *self._reckon(self._running)]

    @cached_property
    def _curves(self) -> dict[float, list[float]]:
        deviations = [sqrt(ended.variance) for ended in self._ended]
        return {z: self._curve(z, deviations) for z in (-Z, 0.0, Z)}

    def _reckon(self, running: Running) -> list[Ended]:
        """Mean and variance of ``N`` at growing moments.

        What follows the running services is taken as in equilibrium, moved by how much later than there they end.
        Where that is sooner, slots count the less as long as they have ended nothing. Each end adds ``c²`` to the
        variance; with what `Running` adds that is exact in the long run, and always for exponential services.
        """
        law, slots = self._law, self._slots
        moved = running.total_s / slots - law.met_s
        early = min(1.0, max(0.0, -moved / law.mean_s))
        reckoned = []
        for moment, ended, variance in running.ended(self._moments(running, moved)):
            unended = slots - self._idle - ended
            further = law.further_ends(moment - moved) * (slots - early * unended)
            reckoned.append(Ended(moment, self._idle + ended + further, variance + law.variation * further))
        return reckoned

    def _moments(self, running: Running, moved: float) -> list[float]:
        """Where running services end, and where those that follow do."""
        moments = {end for end, _ in running.points[:: max(1, len(running.points) // _MOMENTS)]}
        moments.update(end for end, _ in running.points[-1:])
        moments.update(point + moved for point in self._law.points[:: POINTS // _MOMENTS] if point + moved > 0)
        return sorted(moments)

    # ── reading it ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _curve(self, z: float, deviations: Sequence[float]) -> list[float]:
        """How many ends there are by each moment, but for the chance that belongs to ``z``. Never falls."""
        return list(accumulate((e.mean - z * dev for e, dev in zip(self._ended, deviations, strict=True)), max))

    def _when(self, z: float, ends: float) -> float:
        """When the curve of ``z`` reaches so many ends."""
        curve = self._curves[z]
        if ends > curve[-1]:
            return self._extrapolate(z, ends)
        index = bisect_left(curve, ends)
        before, after = curve[index - 1], curve[index]
        begin, end = self._ended[index - 1].moment, self._ended[index].moment
        return begin + (end - begin) * (ends - before) / (after - before)

    def _extrapolate(self, z: float, ends: float) -> float:
        """In the long run mean and variance of ``N`` grow by ``s / m`` and ``c² s / m`` a second (Cox, 1962), so the
        equation of the score is quadratic in what lies beyond the last moment."""
        last, variation = self._ended[-1], self._law.variation
        more, skew = ends - last.mean, z * z * variation / 2
        spread = z * sqrt(max(0.0, last.variance + variation * (more + skew / 2)))
        return last.moment + (more + skew + spread) * self._law.mean_s / self._slots
