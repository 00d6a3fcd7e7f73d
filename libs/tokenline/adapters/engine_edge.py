"""The collections of the embedded engine: a folder for each."""

import asyncio
from pathlib import Path
from shutil import rmtree

from tokenline.adapters.vectors_edge import EdgeVectors
from tokenline.contracts.vectors import Layout

HALF_MADE = ".new"
HALF_GONE = ".gone"


class EdgeEngine:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[str, EdgeVectors] = {}
        self._opening = asyncio.Lock()

    async def collections(self) -> set[str]:
        if not self._folder.is_dir():
            return set()
        return {
            path.name for path in self._folder.iterdir() if path.is_dir() and path.suffix not in (HALF_MADE, HALF_GONE)
        }

    async def index(self, layout: Layout) -> EdgeVectors:
        async with self._opening:
            name = layout.collection
            if name not in self._open:
                index = EdgeVectors(self._folder, layout)
                try:
                    await index.open()
                except BaseException:
                    await index.close()
                    raise
                self._open[name] = index
            return self._open[name]

    async def drop(self, layout: Layout) -> None:
        async with self._opening:
            index = self._open.pop(layout.collection, None)
            if index is not None:
                await index.close()
            await asyncio.to_thread(self._remove, layout.collection)

    async def close(self) -> None:
        while self._open:
            await self._open.popitem()[1].close()

    def _remove(self, name: str) -> None:
        """A half-deleted collection never stands under its name."""
        path, going = self._folder / name, self._folder / (name + HALF_GONE)
        rmtree(going, ignore_errors=True)
        if path.exists():
            path.rename(going)
            rmtree(going, ignore_errors=True)
