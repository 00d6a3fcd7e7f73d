"""MongoDB without transactions: two who judge the same user's questions at once know of each other.

Both are stopped at the worst moment, which chance would hardly find.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.contract.store.fuse import Halt, attach
from tests.support.drafts import ask
from tests.support.stores import open_store
from tokenline.adapters.store_mongo import MongoStore
from tokenline.contracts.tickets import HoldReason, Ticket, TicketState
from tokenline.core import ticket as moves
from tokenline.core.clock import ManualClock


@asynccontextmanager
async def stopped(mongo_url: str, clock: ManualClock, halt: Halt) -> AsyncIterator["asyncio.Task[Ticket]"]:
    """Somebody who asks a question of Ann's, whose limit is 1, and waits at ``halt``."""
    store = await open_store(f"mongo:{mongo_url}", clock)
    assert isinstance(store, MongoStore)
    attach(store, halt)

    async def asked() -> Ticket:
        return (await ask(store, clock, user_limit=1)).ticket

    asking = asyncio.create_task(asked())
    await halt.reached.wait()
    yield asking
    halt.go_on.set()
    await asking
    await store.close()


async def test_who_was_admitted_and_is_not_queued_yet_counts(mongo_url: str, clock: ManualClock):
    early, late = Halt("tickets", "insert_one"), Halt("tickets", "update_one")
    async with stopped(mongo_url, clock, early) as first, stopped(mongo_url, clock, late) as second:
        # The first has the lower number, so it would go before the second if nobody had decided yet.
        early.go_on.set()
        assert (await first).hold_reason is HoldReason.USER_LIMIT
        late.go_on.set()
        assert (await second).state is TicketState.QUEUED
        assert (await first).seq < (await second).seq


async def test_a_decision_that_was_overtaken_is_made_again(mongo_url: str, clock: ManualClock):
    store = await open_store(f"mongo:{mongo_url}", clock)
    ended = (await ask(store, clock, user_limit=1)).ticket
    await store.replace_ticket(moves.cancel(ended, now=clock.now()))

    early, late = Halt("tickets", "insert_one"), Halt("gates", "update_one")
    async with stopped(mongo_url, clock, early) as first, stopped(mongo_url, clock, late) as second:
        early.go_on.set()
        assert (await first).state is TicketState.QUEUED
        late.go_on.set()
        assert (await second).hold_reason is HoldReason.USER_LIMIT
    await store.close()


async def test_a_promise_that_nobody_keeps_is_kept_by_the_keeper(mongo_url: str, clock: ManualClock):
    store = await open_store(f"mongo:{mongo_url}", clock)
    halt = Halt("tickets", "update_one")
    async with stopped(mongo_url, clock, halt) as asking:
        # Just now: whoever made it may be about to keep it.
        assert await store.release_held("ann", user_limit=1, now=clock.now()) == []
        clock.advance(10)
        assert await store.owners_to_release(clock.now(), 10) == ["ann"]
        [released] = await store.release_held("ann", user_limit=1, now=clock.now())
        assert await store.owners_to_release(clock.now(), 10) == []
        halt.go_on.set()
        assert await asking == released
    await store.close()
