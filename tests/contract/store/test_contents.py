"""Files with the same content are found for their owner, among those that are in the index."""

from msgspec.structs import replace

from tests.support.drafts import an_attachment
from tokenline.contracts.attachments import AttachmentState
from tokenline.core.clock import ManualClock
from tokenline.core.ports.store import Store

INDEXED, FAILED, QUEUED = AttachmentState.INDEXED, AttachmentState.FAILED, AttachmentState.QUEUED


async def test_the_newest_indexed_one_of_the_owner_is_found(store: Store, clock: ManualClock) -> None:
    files = []
    for owner, state in (("ann", INDEXED), ("ann", INDEXED), ("bob", INDEXED), ("ann", FAILED), ("ann", QUEUED)):
        clock.advance(1)
        files.append(an_attachment(clock, owner, state=state))
        await store.add_attachment(files[-1])
        await store.note_content(files[-1].id, "same")
    older, newer, bobs, *_ = files
    assert await store.same_content("ann", "same", 0) == newer
    assert await store.same_content("bob", "same", 0) == bobs
    assert await store.same_content("ann", "other", 0) is None
    assert await store.same_content("eve", "same", 0) is None
    await store.note_content(newer.id, "other")
    assert await store.same_content("ann", "same", 0) == older


async def test_only_one_that_is_in_the_index(store: Store, clock: ManualClock) -> None:
    file = an_attachment(clock)
    await store.add_attachment(file)
    await store.note_content(file.id, "same")
    assert await store.same_content("ann", "same", 1) is None
    await store.note_indexed([file.id], 2)
    assert await store.same_content("ann", "same", 2) == file
    assert await store.same_content("ann", "same", 3) is None


async def test_the_note_outlives_changes_and_goes_with_the_file(store: Store, clock: ManualClock) -> None:
    file = an_attachment(clock, state=AttachmentState.EXTRACTING)
    await store.add_attachment(file)
    await store.note_content(file.id, "same")
    assert await store.same_content("ann", "same", 0) is None
    indexed = replace(file, state=AttachmentState.INDEXED, version=1)
    assert await store.replace_attachment(indexed)
    assert await store.same_content("ann", "same", 0) == indexed
    await store.delete_attachment(file.id)
    await store.note_content(file.id, "same")
    await store.note_content("no-such-file", "same")
    assert await store.same_content("ann", "same", 0) is None
    assert await store.get_attachment(file.id) is None
