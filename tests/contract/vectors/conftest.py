"""The index on each engine, as a function that opens it again: what was written must still be there."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from qdrant_client import AsyncQdrantClient

from tokenline.adapters.engine_edge import EdgeEngine
from tokenline.adapters.engine_qdrant import QdrantEngine
from tokenline.contracts.vectors import Layout
from tokenline.core.ports.vectors import VectorEngine, VectorIndex

HYBRID = Layout(model="handmade", dimension=3)
WORDS = Layout()

Open = Callable[[Layout], Awaitable[VectorIndex]]


def engine_in(folder: Path, name: str) -> VectorEngine:
    if name == "edge":
        return EdgeEngine(folder / "vectors")
    # The client's local mode speaks the server's API without a server.
    return QdrantEngine(AsyncQdrantClient(path=str(folder / "qdrant")))


@pytest.fixture(params=["edge", "qdrant"])
async def engine(request, tmp_path) -> AsyncIterator[VectorEngine]:
    engine = engine_in(tmp_path, request.param)
    yield engine
    await engine.close()


@pytest.fixture(params=["edge", "qdrant"])
async def open_index(request, tmp_path) -> AsyncIterator[Open]:
    """Opens an index in the test's folder; opening again first closes the one before, as a restart does."""
    async with AsyncExitStack() as at_end:

        async def reopen(layout: Layout) -> VectorIndex:
            await at_end.pop_all().aclose()
            engine = engine_in(tmp_path, request.param)
            at_end.push_async_callback(engine.close)
            return await engine.index(layout)

        yield reopen


@pytest.fixture
async def index(open_index: Open) -> VectorIndex:
    return await open_index(WORDS)
