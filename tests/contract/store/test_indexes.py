"""Which index is searched, changed by compare-and-set, and which attachments are in it."""

from msgspec.structs import replace

from tests.support.drafts import an_attachment
from tokenline.contracts.attachments import AttachmentState
from tokenline.contracts.vectors import Index, IndexState, Layout
from tokenline.core.clock import ManualClock
from tokenline.core.ports.store import Store

STATE = IndexState(current=Index(layout=Layout(), no=1), last_no=1)


async def test_the_state_is_changed_from_the_version_that_was_read(store: Store) -> None:
    assert await store.index_state() is None
    assert await store.replace_index_state(STATE)
    assert not await store.replace_index_state(replace(STATE, last_no=7))
    filling = Index(layout=Layout(model="m", dimension=3, cut=2), no=2)
    begun = replace(STATE, filling=filling, dropping=(Layout(model="n", dimension=4),), last_no=2, version=1)
    assert await store.replace_index_state(begun)
    assert not await store.replace_index_state(begun)
    assert not await store.replace_index_state(replace(begun, version=3))
    assert await store.index_state() == begun


async def test_those_that_are_not_in_an_index_yet(store: Store, clock: ManualClock) -> None:
    indexed = [an_attachment(clock, state=AttachmentState.INDEXED) for _ in range(3)]
    for attachment in (*indexed, an_attachment(clock, state=AttachmentState.FAILED)):
        await store.add_attachment(attachment)
    assert await store.count_outdated(0) == 0
    assert await store.outdated_attachments(0, 10) == []
    assert await store.count_outdated(1) == 3
    await store.note_indexed([indexed[0].id, "missing"], 2)
    await store.note_indexed([indexed[0].id], 1)
    await store.note_indexed([indexed[1].id], 1)
    await store.note_indexed([], 9)
    assert await store.outdated_attachments(1, 10) == [indexed[2]]
    assert await store.count_outdated(2) == 2
    assert len(await store.outdated_attachments(2, 1)) == 1
    # Changing the attachment keeps the note, and noting changes no version.
    assert await store.replace_attachment(replace(indexed[0], name="b.txt", version=1))
    await store.delete_attachment(indexed[2].id)
    assert await store.count_outdated(1) == 0
    await store.note_indexed([indexed[2].id], 2)
    assert await store.get_attachment(indexed[2].id) is None
    assert await store.outdated_attachments(2, 10) == [indexed[1]]
