"""How long answers take in the replay: laws that can be drawn from and, for the oracle, asked for what remains."""

import random
from math import exp, log
from statistics import NormalDist
from typing import Protocol

import msgspec

_NORMAL = NormalDist()
_ALMOST_ONE = 1 - 1e-12


class Law(Protocol):
    @property
    def mean_s(self) -> float: ...

    def draw(self, rng: random.Random) -> float: ...

    def survival(self, seconds: float) -> float:
        """The share that takes longer."""

    def remaining(self, rng: random.Random, elapsed_s: float) -> float:
        """Draws how much longer one takes that has taken ``elapsed_s`` already."""


class Lognormal(msgspec.Struct, frozen=True):
    """Long-tailed, as answer lengths are. ``sigma`` is the standard deviation of the logarithm."""

    median_s: float
    sigma: float

    @property
    def mean_s(self) -> float:
        return self.median_s * exp(self.sigma**2 / 2)

    def draw(self, rng: random.Random) -> float:
        return rng.lognormvariate(log(self.median_s), self.sigma)

    def survival(self, seconds: float) -> float:
        return 1 - _NORMAL.cdf(self._z(seconds)) if seconds > 0 else 1.0

    def remaining(self, rng: random.Random, elapsed_s: float) -> float:
        if elapsed_s <= 0:
            return self.draw(rng)
        passed = _NORMAL.cdf(self._z(elapsed_s))
        share = min(_ALMOST_ONE, passed + (1 - passed) * rng.random())
        return max(0.0, self.median_s * exp(self.sigma * _NORMAL.inv_cdf(max(share, 1e-12))) - elapsed_s)

    def _z(self, seconds: float) -> float:
        return log(seconds / self.median_s) / self.sigma


class Mix(msgspec.Struct, frozen=True):
    """A share of short answers among long ones."""

    short: Lognormal
    long: Lognormal
    short_share: float

    @property
    def mean_s(self) -> float:
        return self.short_share * self.short.mean_s + (1 - self.short_share) * self.long.mean_s

    def draw(self, rng: random.Random) -> float:
        return (self.short if rng.random() < self.short_share else self.long).draw(rng)

    def survival(self, seconds: float) -> float:
        return self.short_share * self.short.survival(seconds) + (1 - self.short_share) * self.long.survival(seconds)

    def remaining(self, rng: random.Random, elapsed_s: float) -> float:
        short = self.short_share * self.short.survival(elapsed_s)
        law = self.short if rng.random() * self.survival(elapsed_s) < short else self.long
        return law.remaining(rng, elapsed_s)
