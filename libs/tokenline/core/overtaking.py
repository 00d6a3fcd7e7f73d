"""Who comes later and goes first: how much of the slots they take from those who wait."""

from collections import deque
from typing import NamedTuple

from tokenline.contracts.topology import RESUME_PRIORITY

WINDOW = 512
_UNHEARD = 16
"""So many tickets that overtake nobody are added to those seen: a handful is no habit."""
_MOST = 0.9
"""Beyond it the wait has no bound that one could tell."""


class Joined(NamedTuple):
    """``counts`` tickets per priority joined in ``span_s``."""

    counts: tuple[int, ...]
    span_s: float

    def taken_above(self, each_s: float) -> list[float]:
        """Per priority, the share of the slots that goes to tickets of higher ones. ``each_s``: how often a slot
        becomes free on average. All together cannot take more than all for long, however fast they came of late."""
        span_s = max(self.span_s, (sum(self.counts) + _UNHEARD) * each_s)
        shares, above = [], 0
        for count in reversed(self.counts):
            shares.append(min(_MOST, above * each_s / span_s) if span_s > 0 else 0.0)
            above += count
        return shares[::-1]


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

    def by(self, now: float) -> Joined:
        return Joined(tuple(self._counts), now - self._recent[0][0] if self._recent else 0.0)
