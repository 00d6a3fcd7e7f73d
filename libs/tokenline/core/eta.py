"""How long until the first token, as a range, from what answers took of late.

The wait for a slot (`Ends`) and the time from the claim to the first token (the last ones seen) add up; so do, as root
of the sum of squares, their ranges and the doubt about the mean service time itself, which a long line multiplies.

Who comes later with a higher priority goes first. If such tickets take the share ``r`` of the slots, those ahead are
served with the rest, and the wait grows to ``1 / (1 - r)`` of itself (Cobham, 1954).
"""

from collections.abc import Callable, Sequence
from math import ceil, floor, hypot, sqrt
from statistics import fmean

from tokenline.contracts.frames import Eta
from tokenline.core.ends import Ends, Z
from tokenline.core.overtaking import Joins
from tokenline.core.running import Wait
from tokenline.core.service_times import FEWEST, ServiceTimes

_DRIFT = 0.05
"""Standard error of the mean that no number of samples takes away: the next hour is not quite like the last."""
_BURSTS = 0.75
"""Standard error of the share that overtakes, relative to it: questions come in bursts."""


class Forecast:
    """One look at a pool, good for every ticket in it; a fraction of a second later take another."""

    def __init__(self, ends: Ends, *, doubt: float, first_tokens: Sequence[float], taken: Sequence[float]) -> None:
        """``doubt``: standard error of the mean service time, relative to it. ``taken``: per priority, the share of the
        slots that goes to later tickets. ``first_tokens`` in order."""
        self._ends = ends
        self._doubt = Z * doubt
        self._first = _spread(first_tokens)
        self._taken = taken
        self._told: dict[tuple[int, int], Eta] = {}

    def at(self, position: int, priority: int) -> Eta:
        """For the ticket with ``position`` others before it.

        From place 256 on neighbours within 1 % share one, so that a long line costs hardly more than a short one.
        """
        width = 1 << max(0, position.bit_length() - 8)
        middle = position - position % width + width // 2
        eta = self._told.get((middle, priority))
        if eta is None:
            eta = self._told[middle, priority] = self._eta(self._ends.wait(middle), self._taken[priority])
        return eta

    def _eta(self, wait: Wait, taken: float) -> Eta:
        longer, first = 1 / (1 - taken), self._first
        mean = longer * wait.mean
        doubt = mean * hypot(self._doubt, Z * _BURSTS * taken * longer)
        likely = mean + first.mean
        sooner = hypot(mean - longer * wait.low, first.mean - first.low, doubt)
        later = hypot(longer * wait.high - mean, first.high - first.mean, doubt)
        soonest, worst = max(0.0, likely - sooner), likely + later
        return Eta(soonest_s=_tenths(floor, soonest), likely_s=round(likely, 1), worst_s=_tenths(ceil, worst))


def forecast(
    now: float,
    *,
    slots: int,
    ages: Sequence[float],
    times: ServiceTimes,
    joins: Joins,
    met: Sequence[float] = (),
    ahead: int = 0,
) -> Forecast | None:
    """``None``: no worker, or too few samples.

    ``ages``: for how long each running ticket has held its slot; those that were not seen to begin are in ``met``.
    ``ahead``: tickets in no position that will be dispatched before all others.
    """
    if slots <= 0 or len(times) < FEWEST:
        return None
    law = times.lifetimes(sorted(ages))
    return Forecast(
        Ends(slots, [*ages, *met], law, ahead=ahead),
        doubt=sqrt(law.variation / len(times) + _DRIFT**2),
        first_tokens=times.first_tokens(),
        taken=joins.taken_above(now, law.mean_s / slots),
    )


def _tenths(rounded: Callable[[float], int], seconds: float) -> float:
    """Outwards, so that rounding makes no range too narrow; not for the last bits of a float."""
    return rounded(round(seconds * 10, 6)) / 10


def _spread(seconds: Sequence[float]) -> Wait:
    """Tenth, mean and ninetieth percentile of values in order; nothing of none."""
    if not seconds:
        return Wait(0.0, 0.0, 0.0)
    tenth = len(seconds) // 10
    return Wait(seconds[tenth], fmean(seconds), seconds[-1 - tenth])
