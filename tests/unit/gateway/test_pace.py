"""Followers are woken at once by a gateway that keeps up, and together by one that does not."""

import asyncio
from typing import cast

from services.gateway.live import LiveTicket
from services.gateway.pace import AT_MOST_S, Pace
from tokenline.core.clock import ManualClock


class Reader:
    """Writing to its followers takes ``takes_s``."""

    def __init__(self, clock: ManualClock, takes_s: float) -> None:
        self.woken = asyncio.Queue[None]()
        self._clock = clock
        self._takes_s = takes_s

    def wake(self) -> None:
        self.woken.put_nowait(None)
        self._clock.advance(self._takes_s)


def live(reader: Reader) -> LiveTicket:
    return cast(LiveTicket, reader)


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_who_keeps_up_wakes_at_once_and_each_once():
    clock = ManualClock()
    pace, one, other = Pace(clock), Reader(clock, 0), Reader(clock, 0)
    for _ in range(2):
        for reader in (one, other, one):
            pace.wake(live(reader))
        await settle()
        assert (one.woken.qsize(), other.woken.qsize()) == (1, 1)
        one.woken.get_nowait(), other.woken.get_nowait()


async def test_who_is_behind_lets_as_much_pass_as_writing_took_and_wakes_each_once():
    clock = ManualClock()
    pace, slow, other = Pace(clock), Reader(clock, 0.02), Reader(clock, 0)
    pace.wake(live(slow))
    await settle()
    assert slow.woken.qsize() == 1
    for reader in (slow, other, slow):
        pace.wake(live(reader))
    await settle()
    assert (slow.woken.qsize(), other.woken.qsize()) == (1, 0)
    await other.woken.get()
    assert slow.woken.qsize() == 2


async def test_nobody_waits_long_for_what_took_long():
    clock = ManualClock()
    pace, slow = Pace(clock), Reader(clock, 60)
    pace.wake(live(slow))
    await settle()
    clock.advance(AT_MOST_S)
    pace.wake(live(slow))
    await settle()
    assert slow.woken.qsize() == 2
