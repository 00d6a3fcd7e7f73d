"""How long until the first token, as a range, from what answers took of late.

With ``s`` slots and mean service time ``m``, a free slot appears every ``m / s`` seconds on average; a ticket with
``p`` before it needs ``p + 1`` of them, less what the running ones have already used up. The worst case reckons with
the 90th percentile of service times instead of the mean.
"""

from collections import deque
from collections.abc import Sequence

from tokenline.contracts.frames import Eta

WINDOW = 64
FEWEST = 3
"""Below this many samples no number is given rather than a made-up one."""


class ServiceTimes:
    """The last `WINDOW` service times of a pool, seconds; the oldest is forgotten."""

    def __init__(self) -> None:
        self._recent: deque[float] = deque(maxlen=WINDOW)

    def add(self, seconds: float) -> None:
        self._recent.append(seconds)

    def __len__(self) -> int:
        return len(self._recent)

    @property
    def mean(self) -> float:
        return sum(self._recent) / len(self._recent)

    def quantile(self, share: float) -> float:
        ordered = sorted(self._recent)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class Forecast:
    """When a slot becomes free for the ticket at any position, from one look at the pool."""

    def __init__(self, slots: int, elapsed_s: Sequence[float], times: ServiceTimes) -> None:
        self._slots = slots
        self._mean_s = times.mean
        self._low_s = times.quantile(0.1)
        self._high_s = times.quantile(0.9)
        self._free_soonest = _free_in(slots, elapsed_s, self._low_s)
        self._free_likely = _free_in(slots, elapsed_s, self._mean_s)
        self._free_worst = _free_in(slots, elapsed_s, self._high_s)

    def at(self, position: int) -> Eta:
        """Serve everybody before it with equal service times. O(1)."""
        rounds, slot = divmod(position, self._slots)
        return Eta(
            soonest_s=round(rounds * self._low_s + self._free_soonest[slot], 1),
            likely_s=round(rounds * self._mean_s + self._free_likely[slot], 1),
            worst_s=round(rounds * self._high_s + self._free_worst[slot], 1),
        )


def forecast(*, slots: int, elapsed_s: Sequence[float], times: ServiceTimes) -> Forecast | None:
    """``elapsed_s``: how long each running ticket has been running. ``None``: no worker, or too few samples."""
    if slots <= 0 or len(times) < FEWEST:
        return None
    return Forecast(slots, elapsed_s, times)


def _free_in(slots: int, elapsed_s: Sequence[float], service_s: float) -> list[float]:
    """In how many seconds each slot is free, soonest first; slots that run nothing are free at once."""
    busy = sorted(max(service_s - elapsed, 0.0) for elapsed in elapsed_s)[-slots:]
    return [0.0] * (slots - len(busy)) + busy
