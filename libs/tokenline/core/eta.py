"""How long until the first token, as a range, from what answers took of late.

The wait for a slot (`Ends`) and the time from the claim to the first token (the last ones seen) add up; so do, as root
of the sum of squares, their ranges and the doubt about the mean service time itself, which a long line multiplies.

Who comes later with a higher priority goes first. If such tickets take the share ``r`` of the slots, those ahead are
served with the rest, and the wait grows to ``1 / (1 - r)`` of itself (Cobham, 1954).
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from math import ceil, floor, hypot, sqrt
from statistics import fmean
from typing import NamedTuple

from tokenline.contracts.frames import Eta
from tokenline.core.ends import AT_ONCE, Ends, Z
from tokenline.core.overtaking import Joined, Joins
from tokenline.core.running import Wait
from tokenline.core.service_times import FEWEST, Sample, ServiceTimes
from tokenline.core.slots import Ages, Slots

_DRIFT = 0.05
"""Standard error of the mean that no number of samples takes away: the next hour is not quite like the last."""
_BURSTS = 0.75
"""Standard error of the share that overtakes, relative to it: questions come in bursts."""


class Forecast:
    """One look at a pool, good for every ticket in it; a fraction of a second later take another.

    It keeps what it is made of, and reckons no more of it than it is asked for: while slots are idle, hardly anything.
    """

    def __init__(
        self, slots: Slots, ages: Callable[[], Ages], sample: Sample, joined: Joined, first_tokens: Sequence[float]
    ) -> None:
        """All as of one moment; ``first_tokens`` in order."""
        self._slots = slots
        self._ages = ages
        self._sample = sample
        self._joined = joined
        self._first = _spread(first_tokens)
        self._told: dict[tuple[int, int], Eta] = {}

    def at(self, position: int, priority: int) -> Eta:
        """For the ticket with ``position`` others before it.

        From place 256 on neighbours within 1 % share one, so that a long line costs hardly more than a short one.
        """
        width = 1 << max(0, position.bit_length() - 8)
        middle = position - position % width + width // 2
        eta = self._told.get((middle, priority))
        if eta is None:
            eta = self._told[middle, priority] = self._eta(middle, priority)
        return eta

    def _eta(self, position: int, priority: int) -> Eta:
        if position + self._slots.ahead < self._slots.idle:
            return _sum(AT_ONCE, self._first, doubt=0.0)
        wait, taken = self._line.ends.wait(position), self._line.taken[priority]
        longer = 1 / (1 - taken)
        doubt = longer * wait.mean * hypot(self._line.doubt, Z * _BURSTS * taken * longer)
        return _sum(Wait(longer * wait.low, longer * wait.mean, longer * wait.high), self._first, doubt=doubt)

    @cached_property
    def _line(self) -> "_Line":
        begun, met = self._ages()
        law = self._sample.lifetimes(sorted(begun))
        return _Line(
            ends=Ends(self._slots.number, [*begun, *met], law, ahead=self._slots.ahead),
            doubt=Z * sqrt(law.variation / len(self._sample.ended) + _DRIFT**2),
            taken=self._joined.taken_above(law.mean_s / self._slots.number),
        )


class _Line(NamedTuple):
    """Behind busy slots. ``doubt``: about the mean service time, relative to it, as `Wait.high`. ``taken``: per
    priority, the share of the slots that goes to later tickets."""

    ends: Ends
    doubt: float
    taken: Sequence[float]


def forecast(
    now: float, *, slots: Slots, ages: Callable[[], Ages], times: ServiceTimes, joins: Joins
) -> Forecast | None:
    """``None``: no worker, or too few samples. ``ages``: of the tickets in ``slots`` as of ``now``, whenever asked."""
    if slots.number <= 0 or len(times) < FEWEST:
        return None
    return Forecast(slots, ages, times.sample(slots.begun), joins.by(now), times.first_tokens())


def _sum(wait: Wait, first: Wait, *, doubt: float) -> Eta:
    """Until a slot is free, and from then to the first token. ``doubt``: about the mean of the former, either way."""
    likely = wait.mean + first.mean
    sooner = hypot(wait.mean - wait.low, first.mean - first.low, doubt)
    later = hypot(wait.high - wait.mean, first.high - first.mean, doubt)
    soonest, worst = max(0.0, likely - sooner), likely + later
    return Eta(soonest_s=_tenths(floor, soonest), likely_s=round(likely, 1), worst_s=_tenths(ceil, worst))


def _tenths(rounded: Callable[[float], int], seconds: float) -> float:
    """Outwards, so that rounding makes no range too narrow; not for the last bits of a float."""
    return rounded(round(seconds * 10, 6)) / 10


def _spread(seconds: Sequence[float]) -> Wait:
    """Tenth, mean and ninetieth percentile of values in order; nothing of none."""
    if not seconds:
        return Wait(0.0, 0.0, 0.0)
    tenth = len(seconds) // 10
    return Wait(seconds[tenth], fmean(seconds), seconds[-1 - tenth])
