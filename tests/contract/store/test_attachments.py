"""Attachments: compare-and-set like tickets, listed for their conversation and for ingest's keeper."""

from msgspec.structs import replace

from tests.support.drafts import an_attachment
from tokenline.contracts.attachments import Attachment, AttachmentState
from tokenline.contracts.errors import ErrorInfo
from tokenline.core.clock import ManualClock
from tokenline.core.ports.store import Store


async def added(store: Store, attachment: Attachment) -> Attachment:
    await store.add_attachment(attachment)
    return attachment


async def test_an_attachment_is_added_once_and_found(store: Store, clock: ManualClock):
    attachment = await added(store, an_attachment(clock))
    await store.add_attachment(replace(attachment, owner_id="eve"))
    assert await store.get_attachment(attachment.id) == attachment
    assert await store.get_attachment("no-such-file") is None


async def test_a_write_needs_the_version_it_was_made_from(store: Store, clock: ManualClock):
    attachment = await added(store, an_attachment(clock, state=AttachmentState.EXTRACTING))
    failed = replace(
        attachment, state=AttachmentState.FAILED, error=ErrorInfo(code="unreadable", message="No."), version=1
    )
    assert await store.replace_attachment(failed)
    assert not await store.replace_attachment(failed)
    assert not await store.replace_attachment(replace(failed, id="no-such-file", version=2))
    assert await store.get_attachment(attachment.id) == failed


async def test_attachments_come_in_the_order_asked_for(store: Store, clock: ManualClock):
    one, two = [await added(store, an_attachment(clock)) for _ in range(2)]
    assert await store.attachments([two.id, "no-such-file", one.id]) == [two, one]
    assert await store.attachments([]) == []


async def test_attachments_of_a_conversation_come_oldest_first(store: Store, clock: ManualClock):
    clock.advance(1)
    second = await added(store, an_attachment(clock, conversation_id="c1"))
    clock.advance(-1)
    first = await added(store, an_attachment(clock, conversation_id="c1"))
    await added(store, an_attachment(clock, conversation_id="c2"))
    await added(store, an_attachment(clock))
    assert await store.attachments_of("c1") == [first, second]


async def test_a_deleted_attachment_is_gone(store: Store, clock: ManualClock):
    attachment = await added(store, an_attachment(clock, conversation_id="c1"))
    await store.delete_attachment(attachment.id)
    await store.delete_attachment(attachment.id)
    assert await store.get_attachment(attachment.id) is None
    assert await store.attachments_of("c1") == []
    assert not await store.replace_attachment(replace(attachment, version=1))


async def test_unindexed_are_those_whose_job_may_be_lost(store: Store, clock: ManualClock):
    waiting = []
    for state in AttachmentState:
        clock.advance(1)
        attachment = await added(store, an_attachment(clock, state=state))
        if state in (AttachmentState.QUEUED, AttachmentState.EXTRACTING, AttachmentState.EMBEDDING):
            waiting.append(attachment)

    assert await store.unindexed_attachments(clock.now() + 1, 10) == waiting
    assert await store.unindexed_attachments(clock.now() + 1, 2) == waiting[:2]
    assert await store.unindexed_attachments(waiting[1].created_at, 10) == waiting[:1]


async def test_due_fetches_are_those_whose_time_has_come(store: Store, clock: ManualClock):
    now = clock.now()
    later, sooner, far = [
        await added(
            store,
            an_attachment(clock, state=AttachmentState.UPLOADING, url="https://example.org/", fetch_due_at=now + due),
        )
        for due in (2, 1, 60)
    ]
    await added(store, an_attachment(clock, state=AttachmentState.UPLOADING))
    assert await store.due_fetches(now + 2, 10) == [sooner, later]
    assert await store.due_fetches(now + 2, 1) == [sooner]
    assert await store.due_fetches(now + 0.5, 10) == []

    done = replace(sooner, state=AttachmentState.QUEUED, fetch_due_at=None, version=1)
    assert await store.replace_attachment(done)
    await store.delete_attachment(later.id)
    assert await store.due_fetches(now + 100, 10) == [far]
    assert done in await store.unindexed_attachments(clock.now() + 1, 10)
    assert far not in await store.unindexed_attachments(clock.now() + 1, 10)
