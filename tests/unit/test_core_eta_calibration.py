"""What is told holds: lines replayed through the real ledger, seeds fixed. `make bench` (T16) replays more of them."""

import random

import pytest
from msgspec.structs import replace

from tests.bench.eta.figures import figures
from tests.bench.eta.measure import SCENES, SHORT_AND_LONG, WITH_TIERS, judged, replayed
from tests.bench.eta.oracle import foresee
from tests.bench.eta.replay import Scene

SEEDS = (1, 2)


def briefly(scene: Scene) -> Scene:
    return replace(scene, predictions=200, every=20)


@pytest.mark.parametrize("scene", [*SCENES, WITH_TIERS], ids=lambda scene: scene.name)
def test_errors_are_small_even_and_within_the_range(scene):
    told = judged(replayed(briefly(scene), SEEDS))
    assert told.error <= (0.17 if scene.urgent else 0.13)
    assert abs(told.bias) <= 0.05
    assert told.inside >= 0.78
    assert told.within_worst >= 0.82


def test_nobody_could_tell_much_better():
    scene = briefly(Scene(name="short and long", law=SHORT_AND_LONG, slots=4))
    told, draws = replayed(scene, SEEDS)[::10], random.Random(1)
    best = figures([foresee(scene.law, one, draws) for one in told])
    assert judged(told).error <= best.error + 0.03


def test_the_range_holds_from_the_third_answer_on():
    told = judged(replayed(Scene(name="cold", law=SHORT_AND_LONG, slots=4, warm_up=3, predictions=5), range(60)))
    assert told.inside >= 0.7
    assert abs(told.bias) <= 0.1
