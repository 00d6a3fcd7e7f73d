"""T16: what those who wait are told, beside what comes and beside what could be known at best."""

import random
from collections.abc import Iterator, Sequence

from tests.bench.eta.figures import Figures, Guess, figures
from tests.bench.eta.laws import Law, Lognormal, Mix
from tests.bench.eta.oracle import foresee
from tests.bench.eta.replay import ORDINARY, Replay, Scene, Told
from tests.bench.rows import Row

LONG_TAILED = Lognormal(median_s=8.0, sigma=0.8)
SHORT_AND_LONG = Mix(short=Lognormal(3.0, 0.3), long=Lognormal(25.0, 0.3), short_share=0.7)
LAWS: dict[str, Law] = {"long-tailed": LONG_TAILED, "short and long": SHORT_AND_LONG}
SLOTS = (1, 4, 16)
SCENES = [
    Scene(name=f"{name}, {slots} slot{'s' * (slots > 1)}", law=law, slots=slots)
    for name, law in LAWS.items()
    for slots in SLOTS
]
WITH_TIERS = Scene(name="short and long, 4 slots, 20 % go ahead", law=SHORT_AND_LONG, slots=4, urgent=0.2)
"""Those who do not go ahead are asked about."""

SEEDS = (1, 2, 3)
FORESEEN = 15
"""The oracle is asked about one in so many: it draws the future hundreds of times."""

ERROR, BIAS, INSIDE = 15.0, 5.0, 80.0


def run() -> list[Row]:
    """A minute of computing; needs nothing else."""
    return [row for scene in [*SCENES, WITH_TIERS] for row in _rows(scene)]


def replayed(scene: Scene, seeds: Sequence[int] = SEEDS) -> list[Told]:
    return [told for seed in seeds for told in Replay(scene, seed).run() if told.priority == ORDINARY]


def judged(told: Sequence[Told]) -> Figures:
    return figures([Guess(one.eta.soonest_s, one.eta.likely_s, one.eta.worst_s, one.actual_s) for one in told])


def _rows(scene: Scene) -> Iterator[Row]:
    told = replayed(scene)
    ours, what = judged(told), f"wait told, {scene.name}: "
    yield Row(id="T16", what=what + "error", value=100 * ours.error, unit="%", target=ERROR)
    if not scene.urgent:
        rng = random.Random(scene.slots)
        best = figures([foresee(scene.law, one, rng) for one in told[::FORESEEN]])
        yield Row(id="T16", what=what + "error of an oracle", value=100 * best.error, unit="%")
    yield Row(id="T16", what=what + "median error", value=ours.median_error_s, unit="s")
    yield Row(id="T16", what=what + "bias, either way", value=100 * abs(ours.bias), unit="%", target=BIAS)
    yield Row(id="T16", what=what + "inside the range", value=100 * ours.inside, unit="%", target=INSIDE, at_least=True)
    yield Row(id="T16", what=what + "not after the worst", value=100 * ours.within_worst, unit="%")
