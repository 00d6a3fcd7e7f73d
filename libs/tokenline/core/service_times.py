"""How long answers took of late: a window that reaches back as far as nothing changed."""

from collections import deque
from collections.abc import Sequence
from itertools import accumulate, islice
from math import dist, log, sqrt
from typing import NamedTuple

from tokenline.core.lifetimes import Lifetimes

WINDOW = 512
FIRST_TOKENS = 128
FEWEST = 3
"""Below this many samples no number is given rather than a made-up one."""

_RECENT = (16, 24, 32, 48, 64, 96, 128, 192, 256)
"""So many of the newest are compared with all before them."""
_LOOK_EVERY = 8
_CHANGED = 4.0
"""So many standard errors apart, two means are no chance."""
_ALIKE = 1e-9
"""Logarithms no further apart than this are equal, but for how floats are rounded."""
_TURNS = 4
"""So many ends of each slot there must be to either side: those that began together end in order of length."""
_LEAST_S = 1e-3
"""What took less is taken to have taken this: clocks may differ, and logarithms want more than nothing."""


class Sample(NamedTuple):
    """The window as it was at one moment. ``complete``: nothing was forgotten before."""

    ended: tuple[float, ...]
    complete: bool

    def lifetimes(self, running_s: Sequence[float]) -> Lifetimes:
        """The law of these times. ``running_s``: ages in order of those that ran then and were seen to begin.

        At first those that run tell most: the answers that ended first are the short ones. Once something has been
        forgotten the window is a stretch of the stream of ends, which is unbiased by itself; the running ones, without
        the long ones forgotten on its other side, would then count twice.
        """
        return Lifetimes(sorted(self.ended), running_s if self.complete else ())


class ServiceTimes:
    """How long tickets of one pool held their slots, and the first token after the claim. Beyond `WINDOW` the oldest
    is forgotten."""

    def __init__(self) -> None:
        self._ended: deque[float] = deque(maxlen=WINDOW)
        self._first_tokens: deque[float] = deque(maxlen=FIRST_TOKENS)
        self._unlooked = 0
        self._complete = True
        """Nothing was forgotten yet."""

    def add(self, held_s: float, first_token_s: float | None = None) -> None:
        """``held_s``: from claim to end; ``first_token_s``: from claim to first token, ``None`` when none came."""
        self._complete = self._complete and len(self._ended) < WINDOW
        self._ended.append(max(held_s, _LEAST_S))
        if first_token_s is not None:
            self._first_tokens.append(max(first_token_s, 0.0))
        self._unlooked += 1

    def __len__(self) -> int:
        return len(self._ended)

    def sample(self, running: int) -> Sample:
        """``running``: how many run that were seen to begin."""
        if self._unlooked >= _LOOK_EVERY:
            self._look_for_change(max(_RECENT[0], _TURNS * running))
        return Sample(tuple(self._ended), self._complete)

    def first_tokens(self) -> list[float]:
        """In order."""
        return sorted(self._first_tokens)

    def _look_for_change(self, fewest: int) -> None:
        """Forget what came before the newest change: the idea of ADWIN (Bifet and Gavaldà, 2007), with a test on the
        means of logarithms, which long tails leave alone."""
        self._unlooked = 0
        count = len(self._ended)
        splits = [recent for recent in _RECENT if fewest <= recent <= count - fewest]
        if not splits:
            return
        logs = [*map(log, self._ended)]
        sums = [0.0, *accumulate(reversed(logs))]
        deviation = max(_ALIKE, dist(logs, [sums[-1] / count] * count) / sqrt(count))
        apart, recent = max((_apart(sums, recent), recent) for recent in splits)
        if apart > _CHANGED * deviation:
            self._ended = deque(islice(self._ended, count - recent, None), maxlen=WINDOW)
            self._complete = False


def _apart(sums: Sequence[float], recent: int) -> float:
    """How far the mean of the last ``recent`` is from that of those before; if nothing changed, so many standard
    deviations of one value are a standard error. ``sums``: of the last none, one, two and so on."""
    old = len(sums) - 1 - recent
    return abs(sums[recent] / recent - (sums[-1] - sums[recent]) / old) / sqrt(1 / recent + 1 / old)
