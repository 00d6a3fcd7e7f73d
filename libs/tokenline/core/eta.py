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

    @property
    def high(self) -> float:
        """90th percentile."""
        ordered = sorted(self._recent)
        return ordered[min(len(ordered) - 1, int(len(ordered) * 0.9))]


def eta(*, position: int, slots: int, elapsed_s: Sequence[float], times: ServiceTimes) -> Eta | None:
    """``elapsed_s``: how long each running ticket has been running. ``None``: no worker, or too few samples."""
    if slots <= 0 or len(times) < FEWEST:
        return None
    return Eta(
        likely_s=round(_wait(position, slots, elapsed_s, times.mean), 1),
        worst_s=round(_wait(position, slots, elapsed_s, times.high), 1),
    )


def _wait(position: int, slots: int, elapsed_s: Sequence[float], service_s: float) -> float:
    """Serve everybody before this one with equal service times; when does a slot become free?"""
    free_in = sorted(max(service_s - elapsed, 0.0) for elapsed in elapsed_s)[-slots:]
    free_in = sorted([0.0] * (slots - len(free_in)) + free_in)
    rounds, slot = divmod(position, slots)
    return rounds * service_s + free_in[slot]
