"""The index on each engine, as a function that opens it again: what was written must still be there."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from qdrant_client import AsyncQdrantClient

from tokenline.adapters.vectors_edge import EdgeVectors
from tokenline.adapters.vectors_qdrant import QdrantVectors
from tokenline.adapters.vectors_shared import Layout
from tokenline.core.ports.vectors import VectorIndex

HYBRID = Layout(model="handmade", dimension=3)
WORDS = Layout()

Open = Callable[[Layout], Awaitable[VectorIndex]]


@pytest.fixture(params=["edge", "qdrant"])
async def open_index(request, tmp_path) -> AsyncIterator[Open]:
    """Opens an index in the test's folder; opening again first closes the one before, as a restart does."""
    async with AsyncExitStack() as at_end:

        async def reopen(layout: Layout) -> VectorIndex:
            await at_end.pop_all().aclose()
            index: VectorIndex
            if request.param == "edge":
                index = EdgeVectors(tmp_path, layout)
            else:
                # The client's local mode speaks the server's API without a server.
                index = QdrantVectors(AsyncQdrantClient(path=str(tmp_path / "qdrant")), layout)
            await index.open()
            at_end.push_async_callback(index.close)
            return index

        yield reopen


@pytest.fixture
async def index(open_index: Open) -> VectorIndex:
    return await open_index(WORDS)
