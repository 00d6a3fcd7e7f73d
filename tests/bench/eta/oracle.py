"""The best forecast there can be: it knows the true laws and how long every answer has run, only not what comes.

What it is wrong by is chance, and no forecast can be rid of it.
"""

import random
from heapq import heapify, heapreplace
from statistics import median

from tests.bench.eta.figures import Guess
from tests.bench.eta.laws import Law
from tests.bench.eta.replay import FIRST_TOKEN, Told

FUTURES = 100


def foresee(law: Law, told: Told, rng: random.Random) -> Guess:
    """The wait in `FUTURES` drawn continuations of the moment at which this was told."""
    waits = sorted(_wait(law, told, rng) for _ in range(FUTURES))
    return Guess(
        soonest_s=waits[FUTURES // 10],
        likely_s=median(waits),
        worst_s=waits[-FUTURES // 10 - 1],
        actual_s=told.actual_s,
    )


def _wait(law: Law, told: Told, rng: random.Random) -> float:
    free = [law.remaining(rng, elapsed) for elapsed in told.elapsed_s]
    heapify(free)
    for _ in range(told.position):
        heapreplace(free, free[0] + law.draw(rng))
    return free[0] + min(FIRST_TOKEN.draw(rng), law.draw(rng))
