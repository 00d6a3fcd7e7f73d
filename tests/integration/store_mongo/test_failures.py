"""What a MongoDB server that freezes, dies, or was never there means to those who ask the store."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from pymongo import MongoClient

from tests.support.drafts import ask
from tests.support.mongo import PrivateMongo
from tokenline.adapters.store_mongo import MongoStore
from tokenline.contracts.errors import Misconfigured, StoreUnavailable
from tokenline.core import ticket as moves
from tokenline.core.clock import ManualClock, SystemClock

CLOCK = SystemClock()


@pytest.fixture
async def store(own_mongo: PrivateMongo) -> AsyncIterator[MongoStore]:
    store = MongoStore(own_mongo.url("test"), CLOCK, call_limit_s=1)
    await store.open()
    yield store
    await store.close()


async def test_a_frozen_server_keeps_nobody_waiting_and_is_used_again_when_it_thaws(
    own_mongo: PrivateMongo, store: MongoStore
):
    first = (await ask(store, CLOCK)).ticket
    own_mongo.pause()
    async with asyncio.timeout(10):
        # More than the driver has threads: those that wait for one have no longer to wait.
        outcomes = await asyncio.gather(*(store.get_ticket(first.id) for _ in range(200)), return_exceptions=True)
        with pytest.raises(StoreUnavailable):
            await store.ping()
    assert {type(outcome) for outcome in outcomes} == {StoreUnavailable}

    own_mongo.resume()
    await _until_it_serves(store)
    assert await store.get_ticket(first.id) == first
    assert (await ask(store, CLOCK)).created


async def test_a_dead_server_is_said_to_be_away_and_closing_does_not_wait_for_it(
    own_mongo: PrivateMongo, store: MongoStore
):
    own_mongo.kill()
    async with asyncio.timeout(10):
        with pytest.raises(StoreUnavailable):
            await store.ping()
        await store.close()


async def test_a_process_can_end_though_the_server_is_frozen(own_mongo: PrivateMongo, store: MongoStore):
    own_mongo.pause()
    async with asyncio.timeout(10):
        await store.close()
        # What a process does last: threads that still speak to the server would keep it.
        await asyncio.get_running_loop().shutdown_default_executor()


async def test_a_server_that_is_not_there(own_mongo: PrivateMongo):
    own_mongo.kill()
    store = MongoStore(own_mongo.url("test"), CLOCK, call_limit_s=1)
    async with asyncio.timeout(10):
        with pytest.raises(StoreUnavailable):
            await store.open()
    await store.close()


@pytest.mark.parametrize("address", ["localhost", "mongodb://", "mongodb://host:port/", "mongodb://a/?ssl=maybe"])
async def test_an_address_that_is_none(address: str):
    store = MongoStore(address, CLOCK)
    with pytest.raises(Misconfigured, match="MONGO_URL"):
        await store.open()


async def test_a_user_or_password_that_is_refused(own_mongo: PrivateMongo):
    store = MongoStore(own_mongo.url("test").replace("//", "//ann:wrong@"), CLOCK)
    with pytest.raises(Misconfigured, match="MONGO_URL"):
        await store.open()
    await store.close()


async def test_a_database_that_a_newer_version_has_written(mongo_url: str):
    with MongoClient[dict[str, object]](mongo_url) as client:
        client.get_default_database()["schema"].insert_one({"_id": "schema", "version": 99})
    store = MongoStore(mongo_url, CLOCK)
    with pytest.raises(Misconfigured, match="99"):
        await store.open()
    await store.close()


async def test_leases_are_judged_by_the_server_whatever_a_process_takes_the_time_for(mongo_url: str):
    """F29: a worker whose clock is an hour wrong loses nothing early, and takes nothing early."""
    right, wrong = MongoStore(mongo_url, CLOCK), MongoStore(mongo_url, ManualClock(CLOCK.now() + 3600))
    for store in (right, wrong):
        await store.open()
    assert await right.renew_lease("keeper", "g1", 15)
    assert not await wrong.renew_lease("keeper", "g2", 15)
    assert await wrong.renew_lease("other", "g2", 15)
    assert not await right.renew_lease("other", "g1", 15)
    assert abs(await wrong.now() - CLOCK.now()) < 60
    for store in (right, wrong):
        await store.close()


async def test_what_a_process_with_a_wrong_clock_ended_is_due_when_it_ended(mongo_url: str):
    right, wrong = MongoStore(mongo_url, CLOCK), MongoStore(mongo_url, ManualClock(CLOCK.now() + 3600))
    for store in (right, wrong):
        await store.open()
    first, _ = [(await ask(right, CLOCK, user_limit=1)).ticket for _ in range(2)]
    assert await wrong.replace_ticket(moves.cancel(first, now=await wrong.now()))
    assert await right.owners_to_release(await right.now() + 2, 10) == ["ann"]
    for store in (right, wrong):
        await store.close()


async def _until_it_serves(store: MongoStore) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                await store.ping()
            except StoreUnavailable:
                continue
            return
