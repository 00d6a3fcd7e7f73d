"""Events of a tick travel together, and none is left behind."""

import asyncio

import pytest

from tokenline.adapters.broker_memory import MemoryBroker, MemoryServer
from tokenline.contracts.events import Event, PoolPaused, WorkerGone, unpack_events
from tokenline.runtime import announcer
from tokenline.runtime.announcer import Announcer


class Listening(MemoryBroker):
    def __init__(self) -> None:
        super().__init__(MemoryServer())
        self.told: list[tuple[str, list[Event]]] = []
        self.on_tell = lambda: None

    async def tell(self, exchange: str, routing_key: str, body: bytes) -> bool:
        self.told.append((routing_key, unpack_events(body)))
        self.on_tell()
        return True


def paused(pool: str) -> PoolPaused:
    return PoolPaused(pool=pool, paused=True)


async def test_what_comes_within_a_tick_goes_together_by_kind_and_in_order() -> None:
    broker = Listening()
    tells = Announcer(broker)
    gone = WorkerGone(worker_id="w", incarnation="i")
    for event in (paused("a"), gone, paused("b")):
        tells.announce(event)
    await tells.flush()
    assert broker.told == [("pool.changed", [paused("a"), paused("b")]), ("worker.changed", [gone])]


async def test_an_event_that_nothing_follows_leaves_nothing_to_wait_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcer, "TICK_S", 3600)
    broker = Listening()
    tells = Announcer(broker)
    tells.announce(paused("a"))
    async with asyncio.timeout(5):
        await tells.flush()
    assert broker.told == [("pool.changed", [paused("a")])]


async def test_what_follows_within_the_tick_waits_for_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcer, "TICK_S", 0.05)
    broker, loop = Listening(), asyncio.get_running_loop()
    told_at: list[float] = []
    broker.on_tell = lambda: told_at.append(loop.time())
    tells = Announcer(broker)
    tells.announce(paused("a"))
    await tells.flush()
    tells.announce(paused("b"))
    await asyncio.sleep(0)
    tells.announce(paused("c"))
    await tells.flush()
    assert [events for _, events in broker.told] == [[paused("a")], [paused("b"), paused("c")]]
    assert told_at[1] - told_at[0] >= 0.05


async def test_what_is_announced_together_travels_together() -> None:
    broker = Listening()
    tells = Announcer(broker)
    gone = WorkerGone(worker_id="w", incarnation="i")
    tells.announce(paused("a"), gone)
    tells.announce(paused("b"))
    tells.announce(gone)
    await tells.flush()
    assert broker.told == [("pool.changed", [paused("a"), gone, paused("b")]), ("worker.changed", [gone])]


async def test_an_event_that_comes_as_the_last_one_was_told_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcer, "TICK_S", 0)
    broker, loop = Listening(), asyncio.get_running_loop()
    tells = Announcer(broker)

    def as_it_ends() -> None:
        """A turn of the loop later the task is over, and nobody was told so yet."""
        broker.on_tell = lambda: None
        loop.call_soon(tells.announce, paused("late"))

    broker.on_tell = as_it_ends
    tells.announce(paused("first"))
    for _ in range(5):
        await asyncio.sleep(0)
    await tells.flush()
    assert [events for _, events in broker.told] == [[paused("first")], [paused("late")]]
