"""Places for runs: so many at a time, none while the door is closed, and of the suspects one."""

import asyncio


class Room:
    """One delivery per place is the rule, but after a pause or a restart of the broker more may be in hand.

    Whoever waits gets a place in turn. A wait is only cancelled when the process ends.
    """

    def __init__(self, places: int) -> None:
        self._places = asyncio.Semaphore(places)
        self._suspects = asyncio.Semaphore(1)
        self._open = asyncio.Event()
        self._open.set()

    def open(self) -> None:
        self._open.set()

    def close(self) -> None:
        """Let nobody in; who is in stays."""
        self._open.clear()

    @property
    def has_place(self) -> bool:
        """Whether somebody who is no suspect would enter without waiting."""
        return self._open.is_set() and not self._places.locked()

    async def enter(self, *, suspect: bool) -> None:
        if suspect:
            await self._suspects.acquire()
        while True:
            await self._open.wait()
            await self._places.acquire()
            if self._open.is_set():
                return
            self._places.release()

    def leave(self, *, suspect: bool) -> None:
        self._places.release()
        if suspect:
            self._suspects.release()
