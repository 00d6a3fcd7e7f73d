"""The law of service times, from those that ended and those that still run."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from math import log
from typing import NamedTuple

POINTS = 256
_TAIL = 8
"""With fewer points beyond it, what remains of a service is taken from the tail."""


class Remaining(NamedTuple):
    """How much longer a service takes: ``quantiles`` at evenly spread levels, seconds."""

    quantiles: list[float]
    mean_s: float
    variance: float


class Lifetimes:
    """Service times as `POINTS` equally likely values in order, and what follows from them. Seconds."""

    def __init__(self, ended: Sequence[float], running: Sequence[float] = ()) -> None:
        """Both in order; ``ended`` is not empty, and above 0. ``running``: the ages of those that began together with
        the ones in ``ended`` and have not ended: they count as "at least so long"."""
        self._tail_s = _mean_excess(ended, running)
        self.points = _product_limit(ended, running, self._tail_s)
        self._sums = [0.0, *accumulate(self.points)]
        self._squares = [0.0, *accumulate([point * point for point in self.points])]
        self.mean_s = self._sums[-1] / POINTS
        self.variation = max(0.0, self._squares[-1] * POINTS / self._sums[-1] ** 2 - 1)
        """Squared coefficient of variation."""

    @property
    def met_s(self) -> float:
        """Mean of what remains of a service met at a random moment: ``E X² / 2 E X`` (Cox, Renewal Theory, 1962)."""
        return self.mean_s * (1 + self.variation) / 2

    def remaining(self, age_s: float, levels: Sequence[float]) -> Remaining:
        """Of a service that has run for ``age_s``; ``levels`` of the quantiles lie in [0, 1)."""
        below = bisect_right(self.points, age_s)
        above = POINTS - below
        if above < _TAIL:
            tail = self._tail_s
            return Remaining([-tail * log(1 - level) for level in levels], tail, tail * tail)
        mean_s = (self._sums[-1] - self._sums[below]) / above
        variance = (self._squares[-1] - self._squares[below]) / above - mean_s * mean_s
        quantiles = [self.points[int(below + level * above)] - age_s for level in levels]
        return Remaining(quantiles, mean_s - age_s, max(0.0, variance))

    def further_ends(self, after_s: float) -> float:
        """How many services a slot met at a random moment has ended ``after_s`` later, besides the one it was met at.

        In equilibrium a slot ends ``t / m`` services in ``t``, and the first by then with probability ``∫₀ᵗ S / m``;
        the difference is ``∫₀ᵗ F / m`` (Cox, ch. 4 and 5).
        """
        if after_s <= 0:
            return 0.0
        ended = bisect_right(self.points, after_s)
        return max(0.0, ended * after_s - self._sums[ended]) / self._sums[-1]


def _mean_excess(ended: Sequence[float], running: Sequence[float]) -> float:
    """How much longer on average what is long already: total time beyond a high threshold by the number that ended
    there, which is the likeliest mean of an exponential tail (Epstein and Sobel, 1953)."""
    count = max(2, len(ended) // 8)
    threshold = ended[-count - 1] if len(ended) > count else 0.0
    beyond = sum(ended[-count:]) - count * threshold
    return (beyond + sum(age - threshold for age in running if age > threshold)) / count


def _product_limit(ended: Sequence[float], running: Sequence[float], tail_s: float) -> list[float]:
    """Quantiles of the estimator of Kaplan and Meier (1958), which gives the place of one that still runs to those that
    took longer; where the longest still run, an exponential tail completes it (Brown, Hollander and Korwar, 1974)."""
    if not running:
        return [ended[(2 * index + 1) * len(ended) // (2 * POINTS)] for index in range(POINTS)]
    points: list[float] = []
    at_risk, survival, younger = len(ended) + len(running), 1.0, 0
    wanted = 1 - 0.5 / POINTS
    for seconds in ended:
        while younger < len(running) and running[younger] < seconds:
            younger += 1
            at_risk -= 1
        survival -= survival / at_risk
        at_risk -= 1
        while wanted >= survival and wanted > 0:
            points.append(seconds)
            wanted -= 1 / POINTS
    while wanted > 0:
        points.append(ended[-1] + tail_s * log(survival / wanted))
        wanted -= 1 / POINTS
    return points
