from types import SimpleNamespace
from typing import Any, cast

import pytest

from tokenline.adapters.store_mongo.database import Collections
from tokenline.adapters.store_mongo.pool_bound import PoolBound
from tokenline.contracts.errors import QueueFull
from tokenline.core.clock import ManualClock


class Tickets:
    """Counts how often it is counted."""

    def __init__(self, live: int) -> None:
        self.live = live
        self.counted = 0

    async def count_documents(self, _: Any, *, limit: int) -> int:
        self.counted += 1
        return min(self.live, limit)


def database(tickets: Tickets) -> Collections:
    return cast(Collections, SimpleNamespace(tickets=tickets))


async def test_far_from_the_bound_a_count_serves_for_a_second() -> None:
    clock, tickets = ManualClock(), Tickets(10)
    bound, db = PoolBound(clock), database(tickets)
    for _ in range(50):
        await bound.check(db, "default", 100)
    assert tickets.counted == 1
    clock.advance(1.1)
    await bound.check(db, "default", 100)
    assert tickets.counted == 2


async def test_what_was_accepted_since_the_count_counts() -> None:
    clock, tickets = ManualClock(), Tickets(0)
    bound, db = PoolBound(clock), database(tickets)
    for accepted in range(100):
        tickets.live = accepted
        await bound.check(db, "default", 100)
    tickets.live = 100
    with pytest.raises(QueueFull):
        await bound.check(db, "default", 100)


async def test_a_full_pool_is_counted_every_time_so_that_room_shows_at_once() -> None:
    tickets = Tickets(100)
    bound, db = PoolBound(ManualClock()), database(tickets)
    with pytest.raises(QueueFull):
        await bound.check(db, "default", 100)
    tickets.live = 99
    await bound.check(db, "default", 100)
    await bound.check(database(Tickets(0)), "other", 100)
