"""Who comes later and goes first: how much of the slots they take from those who wait."""

from collections import deque

from tokenline.contracts.topology import RESUME_PRIORITY

WINDOW = 512
_UNHEARD = 16
"""So many tickets that overtake nobody are added to those seen: a handful is no habit."""
_MOST = 0.9
"""Beyond it the wait has no bound that one could tell."""


class Joins:
    """The last `WINDOW` tickets that joined the line of one pool; the oldest is forgotten."""

    def __init__(self) -> None:
        self._recent: deque[tuple[float, int]] = deque()
        self._counts = [0] * (RESUME_PRIORITY + 1)

    def add(self, at: float, priority: int) -> None:
        self._recent.append((at, priority))
        self._counts[priority] += 1
        if len(self._recent) > WINDOW:
            self._counts[self._recent.popleft()[1]] -= 1

    def taken_above(self, now: float, each_s: float) -> list[float]:
        """Per priority, the share of the slots that goes to tickets of higher ones. ``each_s``: how often a slot
        becomes free on average. All together cannot take more than all for long, however fast they came of late."""
        least_s = (len(self._recent) + _UNHEARD) * each_s
        span_s = max(now - self._recent[0][0], least_s) if self._recent else least_s
        shares, above = [], 0
        for count in reversed(self._counts):
            shares.append(min(_MOST, above * each_s / span_s) if span_s > 0 else 0.0)
            above += count
        return shares[::-1]
