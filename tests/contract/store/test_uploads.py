"""Uploads that are not finished: so many per user, changed by compare-and-set, listed for their owner and the sweep."""

import asyncio

from msgspec.structs import replace

from tests.contract.store.conftest import Engine
from tests.support.drafts import an_upload
from tokenline.core.clock import ManualClock
from tokenline.core.ports.store import Store


async def test_an_upload_grows_from_the_version_that_was_read(store: Store, clock: ManualClock) -> None:
    upload = an_upload(clock)
    assert await store.add_upload(upload, 1)
    assert await store.get_upload(upload.id) == upload
    grown = replace(upload, offset_bytes=4, pieces=("a",), mime_type="application/pdf", version=1)
    assert await store.replace_upload(grown)
    assert not await store.replace_upload(replace(grown, offset_bytes=5))
    assert not await store.replace_upload(replace(grown, version=3))
    assert await store.get_upload(upload.id) == grown


async def test_a_user_has_only_so_many(store: Store, clock: ManualClock) -> None:
    uploads = [an_upload(clock) for _ in range(3)]
    assert [await store.add_upload(upload, 2) for upload in uploads] == [True, True, False]
    assert await store.get_upload(uploads[2].id) is None
    assert await store.add_upload(an_upload(clock, "eve"), 2)
    assert await store.delete_upload(uploads[0].id)
    assert not await store.delete_upload(uploads[0].id)
    assert await store.add_upload(uploads[2], 2)
    assert {upload.id for upload in await store.owned_uploads("ann", 10)} == {uploads[1].id, uploads[2].id}
    assert len(await store.owned_uploads("ann", 1)) == 1
    assert not await store.replace_upload(replace(uploads[0], version=1))


async def test_of_many_at_once_never_more_than_allowed(engine: Engine, clock: ManualClock) -> None:
    stores = [await engine.open() for _ in range(2)]
    added = await asyncio.gather(*(stores[n % 2].add_upload(an_upload(clock), 3) for n in range(8)))
    assert sum(added) <= 3
    assert len(await stores[0].owned_uploads("ann", 10)) == sum(added)


async def test_of_two_who_go_on_one_does(engine: Engine, clock: ManualClock) -> None:
    stores = [await engine.open() for _ in range(2)]
    upload = an_upload(clock)
    await stores[0].add_upload(upload, 1)
    one, other = (replace(upload, pieces=(name,), version=1) for name in "ab")
    won = await asyncio.gather(stores[0].replace_upload(one), stores[1].replace_upload(other))
    assert sorted(won) == [False, True]
    assert await stores[0].get_upload(upload.id) == (one if won[0] else other)


async def test_those_that_nobody_went_on_with_expire(store: Store, clock: ManualClock) -> None:
    late, early, gone = (an_upload(clock, expires_at=clock.now() + after) for after in (20.0, 10.0, 5.0))
    for upload in (late, early, gone):
        await store.add_upload(upload, 3)
    await store.replace_upload(replace(gone, expires_at=clock.now() + 30, version=1))
    now = clock.now()
    assert await store.expired_uploads(now, 10) == []
    assert await store.expired_uploads(now + 20, 10) == [early, late]
    assert await store.expired_uploads(now + 20, 1) == [early]
