"""Sockets of answers under way, read together when somebody asks for what has come, not each token as it comes.

A token that wakes the loop by itself costs the worker 26 µs, and then waits for the end of a tick all the same. Read
at that end with those of all other answers it costs about half.
"""

import asyncio
import os
import selectors
from collections.abc import Callable
from typing import Protocol

READ_BYTES = 64 * 1024
TIMES = 4
"""So often one socket is read in one reading; what it has beyond that waits for the next."""


class Reader(Protocol):
    """Whose socket it is."""

    def data_received(self, data: bytes) -> None:
        """At least a byte. Must not raise; may take its socket away, or that of others."""
        ...

    def over(self, error: OSError | None) -> None:
        """It brings no more: ended by its peer, or failed. Whoever is told takes it away."""
        ...


class SocketArrivals:
    """The port's `Arrivals`, of one event loop."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._arrived: Callable[[], None] | None = None
        self._watched = False
        """The loop waits for the next arrival. Otherwise somebody was told of one, and reads until there is none."""

    # ── who reads ────────────────────────────────────────────────────────────────────────────────────────────────────

    def tell(self, arrived: Callable[[], None]) -> None:
        self._arrived = arrived

    def read(self) -> bool:
        ready = self._selector.select(0)
        sockets = self._selector.get_map()
        for key, _ in ready:
            left = TIMES
            while left and key.fd in sockets and _read(key.fd, key.data):
                left -= 1
        if not ready:
            self._watch()
        return bool(ready)

    # ── who is read ──────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def wanted(self) -> bool:
        return self._arrived is not None

    def add(self, number: int, reader: Reader) -> None:
        """A socket, by its descriptor, once. Not to be read by anybody else until `remove`."""
        self._selector.register(number, selectors.EVENT_READ, reader)
        self._watch()

    def remove(self, number: int) -> None:
        """Before it is closed."""
        self._selector.unregister(number)

    def close(self) -> None:
        """When nobody is read any more."""
        self._unwatch()
        self._selector.close()

    # ── the loop ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _watch(self) -> None:
        if not self._watched:
            self._watched = True
            self._loop = asyncio.get_running_loop()
            self._loop.add_reader(self._selector, self._tell)

    def _unwatch(self) -> None:
        if self._watched and self._loop is not None:
            self._watched = False
            self._loop.remove_reader(self._selector)

    def _tell(self) -> None:
        self._unwatch()
        if self._arrived is not None:
            self._arrived()


def _read(number: int, reader: Reader) -> bool:
    """Whether there may be more."""
    try:
        data = os.read(number, READ_BYTES)
    except BlockingIOError:
        return False
    except OSError as error:
        reader.over(error)
        return False
    if data:
        reader.data_received(data)
    else:
        reader.over(None)
    return len(data) == READ_BYTES
