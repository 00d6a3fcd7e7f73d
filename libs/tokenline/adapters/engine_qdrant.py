"""The collections of a Qdrant server or cluster, which several installations may share under prefixes of their own."""

from qdrant_client import AsyncQdrantClient

from tokenline.adapters.vectors_qdrant import QdrantVectors, reached
from tokenline.contracts.vectors import PREFIX, Layout


class QdrantEngine:
    """``client`` is closed with the engine. ``prefix``, without hyphens, stands for this installation's own."""

    def __init__(self, client: AsyncQdrantClient, prefix: str = PREFIX) -> None:
        self._client = client
        self._prefix = prefix
        self._open: dict[str, QdrantVectors] = {}

    async def collections(self) -> set[str]:
        names = [one.name.partition("-") for one in (await reached(self._client.get_collections())).collections]
        return {f"{PREFIX}-{own}" for prefix, _, own in names if prefix == self._prefix}

    async def index(self, layout: Layout) -> QdrantVectors:
        name = layout.collection
        if name not in self._open:
            index = QdrantVectors(self._client, layout, self._named(layout))
            await index.open()
            self._open[name] = index
        return self._open[name]

    async def drop(self, layout: Layout) -> None:
        index = self._open.pop(layout.collection, None)
        if index is not None:
            await index.close()
        await reached(self._client.delete_collection(self._named(layout)))

    async def close(self) -> None:
        await self._client.close()

    def _named(self, layout: Layout) -> str:
        return self._prefix + layout.collection.removeprefix(PREFIX)
