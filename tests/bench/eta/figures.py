"""How good forecasts were, in five figures."""

from collections.abc import Iterable, Sequence
from statistics import fmean, median

import msgspec


class Guess(msgspec.Struct, frozen=True):
    """A forecast beside what came, seconds."""

    soonest_s: float
    likely_s: float
    worst_s: float
    actual_s: float


class Figures(msgspec.Struct, frozen=True):
    """Shares of 1. Errors are relative to the waits: ``error`` is Σ|likely - actual| / Σ actual, ``bias`` the same
    with the sign (positive: too long was told)."""

    error: float
    median_error_s: float
    bias: float
    inside: float
    within_worst: float


def figures(guesses: Sequence[Guess]) -> Figures:
    total = sum(guess.actual_s for guess in guesses)
    off = [guess.likely_s - guess.actual_s for guess in guesses]
    return Figures(
        error=sum(map(abs, off)) / total,
        median_error_s=median(map(abs, off)),
        bias=sum(off) / total,
        inside=_share(guess.soonest_s <= guess.actual_s <= guess.worst_s for guess in guesses),
        within_worst=_share(guess.actual_s <= guess.worst_s for guess in guesses),
    )


def _share(hits: Iterable[bool]) -> float:
    return fmean(map(float, hits))
