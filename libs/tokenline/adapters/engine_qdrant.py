"""The collections of a Qdrant server or cluster, which belongs to one installation."""

from qdrant_client import AsyncQdrantClient

from tokenline.adapters.vectors_qdrant import QdrantVectors, reached
from tokenline.contracts.vectors import Layout


class QdrantEngine:
    """``client`` is closed with the engine."""

    def __init__(self, client: AsyncQdrantClient) -> None:
        self._client = client
        self._open: dict[str, QdrantVectors] = {}

    async def collections(self) -> set[str]:
        return {one.name for one in (await reached(self._client.get_collections())).collections}

    async def index(self, layout: Layout) -> QdrantVectors:
        name = layout.collection
        if name not in self._open:
            index = QdrantVectors(self._client, layout)
            await index.open()
            self._open[name] = index
        return self._open[name]

    async def drop(self, layout: Layout) -> None:
        index = self._open.pop(layout.collection, None)
        if index is not None:
            await index.close()
        await reached(self._client.delete_collection(layout.collection))

    async def close(self) -> None:
        await self._client.close()
