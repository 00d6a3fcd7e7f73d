"""How long until the first token, as a range, from what answers took of late.

The wait for a slot (`Ends`) and the time from the claim to the first token (quantiles of the last ones) add up; so do,
as root of the sum of squares, their ranges and the doubt about the mean service time itself, which is what a long line
multiplies.
"""

from collections.abc import Sequence
from math import hypot, sqrt
from statistics import fmean

from tokenline.contracts.frames import Eta
from tokenline.core.ends import Ends, Wait, Z
from tokenline.core.service_times import FEWEST, ServiceTimes

_DRIFT = 0.05
"""Standard error of the mean that no number of samples takes away: the next hour is not quite like the last."""


class Forecast:
    """One look at a pool, good for every position; a fraction of a second later take another."""

    def __init__(
        self, slots: int, ages: Sequence[float], times: ServiceTimes, *, unseen: Sequence[float], ahead: int
    ) -> None:
        law = times.lifetimes(sorted(ages))
        self._ends = Ends(slots, [*ages, *unseen], law)
        self._ahead = ahead
        self._doubt = Z * sqrt(law.variation / len(times) + _DRIFT**2)
        self._first = _spread(times.first_tokens())
        self._told: dict[int, Eta] = {}

    def at(self, position: int) -> Eta:
        """For the ticket with ``position`` others before it. From place 256 on neighbours within 1 % share one, so that
        a long line costs hardly more than a short one. O(log slots), or O(1) where a neighbour asked already."""
        position += self._ahead
        width = 1 << max(0, position.bit_length() - 8)
        middle = position - position % width + width // 2
        eta = self._told.get(middle)
        if eta is None:
            eta = self._told[middle] = self._eta(self._ends.wait(middle))
        return eta

    def _eta(self, wait: Wait) -> Eta:
        first, doubt = self._first, self._doubt * wait.mean
        likely = wait.mean + first.mean
        sooner = hypot(wait.mean - wait.low, first.mean - first.low, doubt)
        later = hypot(wait.high - wait.mean, first.high - first.mean, doubt)
        return Eta(
            soonest_s=round(max(0.0, likely - sooner), 1), likely_s=round(likely, 1), worst_s=round(likely + later, 1)
        )


def forecast(
    *, slots: int, ages: Sequence[float], times: ServiceTimes, unseen: Sequence[float] = (), ahead: int = 0
) -> Forecast | None:
    """``None``: no worker, or too few samples.

    ``ages``: for how long each running ticket has held its slot; those not seen to begin are in ``unseen``. ``ahead``:
    tickets that are in no position but will be dispatched first.
    """
    if slots <= 0 or len(times) < FEWEST:
        return None
    return Forecast(slots, ages, times, unseen=unseen, ahead=ahead)


def _spread(seconds: Sequence[float]) -> Wait:
    """Tenth, mean and ninetieth percentile of values in order; nothing of none."""
    if not seconds:
        return Wait(0.0, 0.0, 0.0)
    tenth = len(seconds) // 10
    return Wait(seconds[tenth], fmean(seconds), seconds[-1 - tenth])
