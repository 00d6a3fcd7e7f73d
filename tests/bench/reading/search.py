"""T13: searches over 100,000 passages in the embedded engine, each within the files of one conversation."""

import asyncio
import random
import tempfile
import time
from pathlib import Path

from tests.bench.rows import Row
from tokenline.adapters.engine_edge import EdgeEngine
from tokenline.contracts.vectors import Layout
from tokenline.core.ports.vectors import Chunk, VectorIndex

OWNERS, FILES, PASSAGES = 200, 10, 50
"""A conversation has all files of its owner: 500 passages."""
WORDS_IN_ONE = 80
VOCABULARY = 20_000
DIMENSION = 384
SEARCHES = 400
TARGET_MS = 20.0


def run() -> list[Row]:
    """Blocks for some minutes, most of which it takes to write the passages."""
    return asyncio.run(_run())


async def _run() -> list[Row]:
    rows = []
    for what, layout in (
        ("by keywords", Layout()),
        ("by keywords and vectors", Layout(model="random", dimension=DIMENSION)),
    ):
        with tempfile.TemporaryDirectory(prefix="tokenline-bench-") as folder:
            engine = EdgeEngine(Path(folder))
            took = await _measure(await engine.index(layout), layout.dimension)
            await engine.close()
        p50, p95 = took[len(took) // 2], took[int(len(took) * 0.95)]
        named = f"search among 100,000 passages, {what}"
        rows += [
            Row(id="T13", what=f"{named}, p50", value=p50, unit="ms"),
            Row(id="T13", what=f"{named}, p95", value=p95, unit="ms", target=TARGET_MS),
        ]
    return rows


async def _measure(index: VectorIndex, dimension: int | None) -> list[float]:
    """Milliseconds of each search, in order of size."""
    chance = random.Random(13)
    words = [f"{chance.choice('bdfgklmnprst')}{chance.getrandbits(40):x}" for _ in range(VOCABULARY)]
    # As in any language: the commonest words make up most of a text.
    weights = [1 / (rank + 1) for rank in range(VOCABULARY)]

    def text(length: int) -> str:
        return " ".join(chance.choices(words, weights, k=length))

    def vector() -> list[float] | None:
        return None if dimension is None else [chance.gauss(0, 1) for _ in range(dimension)]

    for owner in range(OWNERS):
        chunks = [
            Chunk(attachment_id=f"{owner}-{file}", name="a", page=1, start=at, end=at + 1, content=text(WORDS_IN_ONE))
            for file in range(FILES)
            for at in range(PASSAGES)
        ]
        dense = [vector() or [] for _ in chunks] if dimension else None
        await index.upsert(f"owner-{owner}", chunks, dense)
    await index.settle()
    took = []
    for _ in range(SEARCHES):
        owner = chance.randrange(OWNERS)
        files = [f"{owner}-{file}" for file in range(FILES)]
        query, dense_query = text(8), vector()
        begin = time.perf_counter()
        found = await index.search(f"owner-{owner}", files, query, dense_query, 5)
        took.append((time.perf_counter() - begin) * 1000)
        assert len(found) == 5
    return sorted(took)
