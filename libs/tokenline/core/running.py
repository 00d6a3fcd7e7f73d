"""When the services that run now end, given how long they have run."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from tokenline.core.lifetimes import Lifetimes

_SLOTS = 32
"""More slots than these are represented by so many, evenly chosen by age."""
_POINTS = 320
_INSTANT = 1e-9


class Wait(NamedTuple):
    """Seconds; one in ten is shorter than ``low`` and one in ten longer than ``high``."""

    low: float
    mean: float
    high: float


class Ended(NamedTuple):
    """Mean and variance of a number of ends by a moment."""

    moment: float
    mean: float
    variance: float


class Running:
    """``points``, in order, are possible ends: pairs of seconds from now and slot. A slot has `_count` of them, equally
    likely, and stands for `_weight` slots."""

    def __init__(self, ages: Sequence[float], law: Lifetimes) -> None:
        """``ages`` in order."""
        chosen = _evenly(ages)
        self._weight = len(ages) / len(chosen) if chosen else 0.0
        self._count = max(8, min(32, _POINTS // max(1, len(chosen))))
        levels = [(index + 0.5) / self._count for index in range(self._count)]
        remaining = [law.remaining(age, levels) for age in chosen]
        self.points = sorted((end, slot) for slot, rest in enumerate(remaining) for end in rest.quantiles)
        self.total_s = self._weight * sum(rest.mean_s for rest in remaining)
        """What remains of them all, on average."""
        self._uncertain = [rest.variance / law.mean_s**2 for rest in remaining]

    def first(self) -> Wait:
        """When the first of them ends. Survival of all is the product of theirs, so nothing is approximated."""
        left = [self._count] * len(self._uncertain)
        survival, mean, begin = 1.0, 0.0, 0.0
        low = high = self.points[-1][0]
        for end, slot in self.points:
            mean += survival * (end - begin)
            before, begin = survival, end
            survival *= ((left[slot] - 1) / left[slot]) ** self._weight
            left[slot] -= 1
            if before > 0.9 >= survival:
                low = end
            if before > 0.1 >= survival:
                high = end
            if survival < 1e-3:
                break
        return Wait(low, mean, high)

    def ended(self, moments: Iterable[float]) -> Iterator[Ended]:
        """How many have ended by each of these growing moments: just before it and at it.

        A slot whose service has ended with probability ``G`` adds ``G (1 - G)`` to the variance, and ``G² v`` as those
        that follow began at an uncertain time (``v``: variance of what remains, over the squared mean of a service).
        """
        done = [0] * len(self._uncertain)
        count, weight, index = self._count, self._weight, 0
        mean = variance = 0.0
        for moment in moments:
            for side in (moment, moment + _INSTANT):
                while index < len(self.points) and self.points[index][0] < side:
                    slot = self.points[index][1]
                    twice = 2 * done[slot] + 1
                    done[slot] += 1
                    mean += weight / count
                    variance += weight * (count - twice + self._uncertain[slot] * twice) / (count * count)
                    index += 1
                yield Ended(moment, mean, max(0.0, variance))


def _evenly(ages: Sequence[float]) -> Sequence[float]:
    """At most `_SLOTS` of them."""
    if len(ages) <= _SLOTS:
        return ages
    return [ages[(2 * index + 1) * len(ages) // (2 * _SLOTS)] for index in range(_SLOTS)]
