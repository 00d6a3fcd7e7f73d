"""Leases: one holder at a time, on the store's clock."""

import asyncio

from tokenline.core.clock import ManualClock
from tokenline.core.ports.store import Store


async def test_a_lease_has_one_holder(store: Store):
    assert await store.renew_lease("keeper", "g1", 15)
    assert not await store.renew_lease("keeper", "g2", 15)
    assert await store.renew_lease("keeper", "g1", 15)
    assert await store.renew_lease("other", "g2", 15)


async def test_a_lease_that_is_not_renewed_passes_on(store: Store, clock: ManualClock):
    await store.renew_lease("keeper", "g1", 15)
    clock.advance(14)
    assert not await store.renew_lease("keeper", "g2", 15)
    clock.advance(1)
    assert await store.renew_lease("keeper", "g2", 15)
    assert not await store.renew_lease("keeper", "g1", 15)


async def test_renewing_extends(store: Store, clock: ManualClock):
    await store.renew_lease("keeper", "g1", 15)
    clock.advance(10)
    await store.renew_lease("keeper", "g1", 15)
    clock.advance(10)
    assert not await store.renew_lease("keeper", "g2", 15)


async def test_a_dropped_lease_is_free_and_only_its_holder_drops_it(store: Store):
    await store.renew_lease("keeper", "g1", 15)
    await store.drop_lease("keeper", "g2")
    assert not await store.renew_lease("keeper", "g2", 15)
    await store.drop_lease("keeper", "g1")
    assert await store.renew_lease("keeper", "g2", 15)


async def test_many_who_want_a_free_lease_at_once(store: Store):
    got = await asyncio.gather(*(store.renew_lease("keeper", f"g{n}", 15) for n in range(30)))
    assert sum(got) == 1
