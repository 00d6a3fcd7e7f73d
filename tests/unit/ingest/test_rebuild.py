"""A file in which a rebuild fails costs the others nothing, and does not hold it up for ever."""

from collections import Counter
from types import SimpleNamespace
from typing import cast

import pytest

from services.ingest import rebuild
from services.ingest.deps import Deps
from services.ingest.extract.sandbox import SandboxLost
from services.ingest.index import Indexer
from services.ingest.indexes import Written
from services.ingest.rebuild import AT_A_TIME, MAX_FAILED, Rebuild
from tests.support.drafts import an_attachment
from tokenline.contracts.attachments import Attachment
from tokenline.contracts.errors import Misconfigured
from tokenline.contracts.metrics import INDEX_FILES, INDEX_FILES_LEFT
from tokenline.contracts.texts import ExtractedText
from tokenline.contracts.vectors import Index, IndexState, Layout
from tokenline.core.clock import ManualClock
from tokenline.core.ports.vectors import Chunk
from tokenline.runtime.metrics import Metrics

STATE = IndexState(
    current=Index(layout=Layout(), no=0), filling=Index(layout=Layout(model="m", dimension=3), no=1), last_no=1
)


class House:
    """Store, index and reader at once."""

    def __init__(self) -> None:
        clock = ManualClock()
        self.files = [an_attachment(clock, chunks=1) for _ in range(AT_A_TIME)]
        self.embedded: Counter[str] = Counter()
        self.noted: set[str] = set()
        self.state = STATE
        self.switched = False
        self.deadly = ""
        """Whoever reads it dies."""

    async def refresh(self) -> IndexState:
        return STATE

    async def drop_former(self) -> None: ...

    async def settle(self) -> None: ...

    async def fill(self, _: str, chunks: list[Chunk]) -> Written:
        self.embedded[chunks[0].attachment_id] += 1
        if chunks[0].attachment_id == self.files[-1].id:
            raise Misconfigured("The embedding endpoint refused the request (405).")
        return Written(no=1, by_words=0)

    async def outdated_attachments(self, _: int, limit: int) -> list[Attachment]:
        return [file for file in self.files if file.id not in self.noted][:limit]

    async def count_outdated(self, _: int) -> int:
        return len(self.files) - len(self.noted)

    async def renew_lease(self, *_: object) -> bool:
        return True

    async def drop_lease(self, *_: object) -> None: ...

    async def note_indexed(self, attachment_ids: list[str], _: int) -> None:
        self.noted.update(attachment_ids)

    async def get_attachment(self, _: str) -> Attachment:
        return self.files[0]

    async def switch(self) -> None:
        self.switched = True

    async def delete(self, *_: object) -> None: ...

    async def kept_text(self, attachment: Attachment) -> ExtractedText:
        if attachment.id == self.deadly:
            raise SandboxLost
        return ExtractedText(mime_type="text/plain", text="Some words.")


def a_rebuild(house: House) -> Rebuild:
    async def quiet(_: float) -> None: ...

    metrics = Metrics(INDEX_FILES, INDEX_FILES_LEFT)
    deps = SimpleNamespace(vectors=house, store=house, clock=ManualClock(), metrics=metrics)
    return Rebuild(cast(Deps, deps), cast(Indexer, house), "i", quiet)


async def test_each_file_is_noted_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuild, "RETRY_S", (0.0,))
    house = House()
    again = a_rebuild(house)
    for _ in range(3):
        with pytest.raises(Misconfigured):
            await again.look()
    assert house.noted == {file.id for file in house.files[:-1]}
    assert [house.embedded[file.id] for file in house.files] == [1] * (AT_A_TIME - 1) + [3]
    assert again.told == "Filling the index of m (3 dimensions): 0 of 16 files."


async def test_a_file_whose_readers_die_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuild, "RETRY_S", (0.0,))
    house = House()
    house.deadly = house.files.pop().id  # its text is lost
    house.files = [an_attachment(ManualClock(), id=house.deadly, chunks=1), *house.files]
    house.files.append(an_attachment(ManualClock(), id="last", chunks=0))
    again = a_rebuild(house)
    for _ in range(MAX_FAILED - 1):
        with pytest.raises(SandboxLost):
            await again.look()
    await again.look()
    assert house.switched
    assert house.noted == {file.id for file in house.files}
    assert set(house.embedded) == house.noted - {house.deadly, "last"}
    assert again.told is None
