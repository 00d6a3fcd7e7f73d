"""R6: how well passages are found, on the labelled set: by keywords, by dense vectors, and by both, fused.

Dense vectors are those of `tests/support/labelled/hashed.py`, which knows letters and no meaning: what a real model
adds is not in these figures, only what fusing does.
"""

import asyncio
import math
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import mean

from tests.bench.rows import Row
from tests.support.labelled.library import HYBRID, LabelledLibrary, answers, labelled_library
from tests.support.labelled.questions import ANSWERED, Labelled
from tokenline.contracts.attachments import Passage

DEPTH = 10
WAYS = {"keyword": (True, False), "dense": (False, True), "fused": (True, True)}


def run() -> list[Row]:
    """Blocks for a few seconds."""
    return asyncio.run(_run())


async def _run() -> list[Row]:
    rows = []
    with tempfile.TemporaryDirectory(prefix="tokenline-bench-") as folder:
        async with labelled_library(Path(folder), HYBRID) as library:
            for way, (keyword, dense) in WAYS.items():
                figures = await judge(library, ANSWERED, keyword=keyword, dense=dense)
                rows += [Row(id="R6", what=f"{way}: {name}", value=100 * it, unit="%") for name, it in figures.items()]
    return rows


async def judge(
    library: LabelledLibrary, questions: Sequence[Labelled], *, keyword: bool, dense: bool
) -> dict[str, float]:
    """Means over the questions, 0 to 1."""
    ranked = [
        (question, await library.ranked(question.asked, DEPTH, keyword=keyword, dense=dense)) for question in questions
    ]
    return {
        "nDCG@10": mean(_ndcg(library, question, found) for question, found in ranked),
        "hit rate, first": mean(_hit(question, found[:1]) for question, found in ranked),
        "hit rate, first 5": mean(_hit(question, found[:5]) for question, found in ranked),
    }


def _hit(question: Labelled, found: Sequence[Passage]) -> bool:
    return any(answers(passage, question) for passage in found)


def _ndcg(library: LabelledLibrary, question: Labelled, found: Sequence[Passage]) -> float:
    """Passages answer or do not; overlapping ones may both (Järvelin and Kekäläinen, 2002)."""
    right = sum(answers(passage, question) for passage in library.passages)
    ideal = sum(_gain(place) for place in range(min(right, DEPTH)))
    return sum(_gain(place) for place, passage in enumerate(found) if answers(passage, question)) / ideal


def _gain(place: int) -> float:
    return 1 / math.log2(place + 2)
