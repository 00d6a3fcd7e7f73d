"""The documents as ingest reads and indexes them, in this process: the real extraction, passages and engine."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from msgspec.structs import replace

from services.ingest.chunk import cut
from services.ingest.extract.readers import read
from services.ingest.extract.source import Source
from services.ingest.passages import chunks_of
from tests.support.drafts import an_attachment
from tests.support.labelled.files import labelled_files
from tests.support.labelled.hashed import DIMENSION, embed
from tests.support.labelled.questions import Labelled
from tokenline.adapters.vectors_edge import EdgeVectors
from tokenline.contracts.attachments import Passage
from tokenline.contracts.vectors import Layout
from tokenline.core.clock import ManualClock
from tokenline.core.ports.vectors import Chunk

OWNER = "ann"
WORDS, HYBRID = Layout(), Layout(model="hashed", dimension=DIMENSION)


class LabelledLibrary:
    """All of it in one conversation, so that the right file has to be found too."""

    def __init__(self, index: EdgeVectors, chunks: Sequence[Chunk]) -> None:
        self._index = index
        self.passages = chunks
        self.ids = list(dict.fromkeys(chunk.attachment_id for chunk in chunks))

    async def search(self, query: str, top_k: int) -> list[Passage]:
        """As a worker's search for a question: what opens the files where nothing is found."""
        found = await self._index.search(OWNER, self.ids, query, None, top_k)
        return found or await self._index.opening(OWNER, self.ids, top_k)

    async def ranked(self, query: str, top_k: int, *, keyword: bool, dense: bool) -> list[Passage]:
        """By one of the two kinds of vectors, or by both, fused."""
        vector = embed(query) if dense else None
        return await self._index.search(OWNER, self.ids, query if keyword else "", vector, top_k)


@asynccontextmanager
async def labelled_library(folder: Path, layout: Layout = WORDS) -> AsyncIterator[LabelledLibrary]:
    index = EdgeVectors(folder, layout)
    await index.open()
    chunks = passages()
    dense = [embed(chunk.content) for chunk in chunks] if layout.dimension else None
    await index.upsert(OWNER, chunks, dense)
    try:
        yield LabelledLibrary(index, chunks)
    finally:
        await index.close()


def passages() -> list[Chunk]:
    clock = ManualClock()
    found: list[Chunk] = []
    for name, data in labelled_files().items():
        text = read(Source(data, name)).text
        attachment = replace(an_attachment(clock, OWNER, name=name), id=name)
        found += chunks_of(attachment, text, cut(text))
    return found


def answers(passage: Passage | Chunk, question: Labelled) -> bool:
    return passage.name == question.file and squeezed(question.says) in squeezed(passage.content)


def squeezed(text: str) -> str:
    return " ".join(text.split())
