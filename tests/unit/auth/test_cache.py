"""What is remembered of the store, and for how long."""

from tokenline.core.clock import ManualClock
from tokenline.runtime.auth.cache import TtlCache


class Source:
    def __init__(self) -> None:
        self.value: str | None = "first"
        self.reads = 0

    async def read(self, _key: str) -> str | None:
        self.reads += 1
        return self.value


async def test_a_value_is_read_once_in_two_seconds() -> None:
    clock, source = ManualClock(), Source()
    cache: TtlCache[str, str] = TtlCache(clock)
    assert await cache.get("k", source.read) == "first"
    source.value = "second"
    clock.advance(1.9)
    assert await cache.get("k", source.read) == "first"
    clock.advance(0.1)
    assert await cache.get("k", source.read) == "second"
    assert source.reads == 2


async def test_absence_is_not_remembered_and_what_vanished_is_forgotten() -> None:
    clock, source = ManualClock(), Source()
    cache: TtlCache[str, str] = TtlCache(clock)
    source.value = None
    assert await cache.get("k", source.read) is None
    source.value = "there"
    assert await cache.get("k", source.read) == "there"
    source.value = None
    clock.advance(2)
    assert await cache.get("k", source.read) is None


async def test_dropping_makes_the_next_reader_ask() -> None:
    clock, source = ManualClock(), Source()
    cache: TtlCache[str, str] = TtlCache(clock)
    await cache.get("k", source.read)
    cache.drop("k")
    await cache.get("k", source.read)
    cache.clear()
    await cache.get("k", source.read)
    assert source.reads == 3


async def test_the_oldest_makes_room() -> None:
    clock, source = ManualClock(), Source()
    cache: TtlCache[str, str] = TtlCache(clock, max_entries=2)
    for key in "abc":
        await cache.get(key, source.read)
    await cache.get("c", source.read)
    await cache.get("b", source.read)
    assert source.reads == 3
    await cache.get("a", source.read)
    assert source.reads == 4


async def test_what_is_too_old_to_be_believed_takes_no_memory() -> None:
    clock, source = ManualClock(), Source()
    cache: TtlCache[str, str] = TtlCache(clock)
    for number in range(100):
        await cache.get(f"early {number}", source.read)
    clock.advance(2)
    await cache.get("late", source.read)
    clock.advance(1)
    await cache.get("later", source.read)
    assert set(cache._kept) == {"late", "later"}
    await cache.get("late", source.read)
    assert source.reads == 102
