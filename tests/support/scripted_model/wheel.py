"""One timer for all streams: a timer each would cost more than the tokens they send."""

import asyncio
import heapq
import math
from typing import Protocol

_PER_S = 1000
"""Slots of a millisecond, the finest that event loops do."""


class Due(Protocol):
    def fire(self, now: float) -> float | None:
        """Do what is due; returns when to come back, or ``None``: never."""
        ...


class Wheel:
    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._slots: dict[int, list[Due]] = {}
        self._order: list[int] = []
        self._timer: asyncio.TimerHandle | None = None
        self._timer_slot = -1

    def add(self, at: float, due: Due) -> None:
        """``at`` on the loop's clock."""
        slot = math.ceil(at * _PER_S)
        if slot in self._slots:
            self._slots[slot].append(due)
            return
        self._slots[slot] = [due]
        heapq.heappush(self._order, slot)
        if self._timer is None or slot < self._timer_slot:
            self._set_timer()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        self._slots.clear()
        self._order.clear()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._order:
            self._timer_slot = self._order[0]
            self._timer = self._loop.call_at(self._timer_slot / _PER_S, self._turn)

    def _turn(self) -> None:
        self._timer = None
        now = self._loop.time()
        due: list[Due] = []
        while self._order and self._order[0] <= now * _PER_S + 0.5:
            due += self._slots.pop(heapq.heappop(self._order))
        for one in due:
            again_at = one.fire(now)
            if again_at is not None:
                self.add(again_at, one)
        if self._timer is None:
            self._set_timer()
