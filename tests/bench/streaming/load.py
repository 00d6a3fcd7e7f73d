"""The load: many sockets read by one loop that only notes what came when, so that it is not what is measured.

An event loop's callbacks, parsing and garbage collection would take a multiple of it from the cores that are measured;
all that waits until the last answer has ended.
"""

import gc
import re
import select
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from tests.bench.streaming.sockets import pongs
from tests.bench.streaming.work import BrokenRun

PATIENCE_S = 120.0
_READ_BYTES = 1 << 16
_OVERLAP = 24
"""Longer than what marks an end, which two reads may share."""


class Exchange:
    """One question and its answer. ``open_socket`` gives a connected one; ``ends`` finds what ends the answer;
    ``reply`` gets each read and says what to send at it, for protocols that want that."""

    def __init__(
        self,
        open_socket: Callable[[], socket.socket],
        request: bytes,
        ends: re.Pattern[bytes],
        reply: Callable[[bytes], bytes] | None = None,
    ) -> None:
        self.asked_at = 0.0
        self.reads: list[tuple[float, bytes]] = []
        """Instants of the monotonic clock, and what arrived at each."""
        self.socket: socket.socket | None = None
        self._open = open_socket
        self._request = request
        self._find_end = ends.search
        self._reply = reply
        self._tail = b""

    def ask(self) -> socket.socket:
        self.asked_at = time.monotonic()
        self.socket = self._open()
        self.socket.sendall(self._request)
        self.socket.setblocking(False)
        return self.socket

    def read(self, opened: socket.socket) -> bool:
        """Take what has arrived; True at the end. Raises `BrokenRun` when the server closes before."""
        data = opened.recv(_READ_BYTES)
        self.reads.append((time.monotonic(), data))
        if self._find_end(self._tail + data):
            return True
        if not data:
            raise BrokenRun(f"a connection was closed after {self.last_words()!r}")
        self._tail = data[-_OVERLAP:]
        if self._reply is not None and (answer := self._reply(data)):
            opened.send(answer)
        return False

    def last_words(self) -> bytes:
        return b"".join(data for _, data in self.reads)[-300:]


def pieces(reads: Sequence[tuple[float, bytes]], pattern: re.Pattern[bytes]) -> Iterator[tuple[float, bytes]]:
    """What the first group of ``pattern`` finds in all that was read, each with the instant it was complete."""
    ends = deque(reads)
    upto = len(ends[0][1]) if ends else 0
    for found in pattern.finditer(b"".join(data for _, data in reads)):
        while found.end() > upto:
            ends.popleft()
            upto += len(ends[0][1])
        yield ends[0][0], found[1]


def drive(exchanges: Sequence[Exchange], over_s: float) -> None:
    """Start them evenly spread over this time and read until all have ended; sockets are closed. Blocks.

    Raises `BrokenRun` when one is closed early or nothing ends for `PATIENCE_S`.
    """
    gap_s = over_s / len(exchanges)
    waiting = deque(exchanges)
    running: dict[int, tuple[Exchange, socket.socket]] = {}
    gc.collect()
    gc.disable()
    try:
        with select.epoll() as poll:
            start = last_end = time.monotonic()
            while waiting or running:
                now = time.monotonic()
                while waiting and start + (len(exchanges) - len(waiting)) * gap_s <= now:
                    exchange = waiting.popleft()
                    opened = exchange.ask()
                    running[opened.fileno()] = exchange, opened
                    poll.register(opened, select.EPOLLIN)
                next_at = start + (len(exchanges) - len(waiting)) * gap_s if waiting else now + 1
                for number, _ in poll.poll(max(next_at - time.monotonic(), 0.0)):
                    exchange, opened = running[number]
                    if exchange.read(opened):
                        del running[number]
                        poll.unregister(number)
                        opened.close()
                        last_end = time.monotonic()
                if time.monotonic() - last_end > PATIENCE_S:
                    stuck, _ = next(iter(running.values()))
                    raise BrokenRun(f"an answer did not end; its last words: {stuck.last_words()!r}")
    finally:
        gc.enable()
        for _, opened in running.values():
            opened.close()


class Listening:
    """Sockets on which streams go on for ever: what arrives while `hear` lasts."""

    def __init__(self, sockets: Sequence[socket.socket]) -> None:
        self.reads: dict[int, list[tuple[float, bytes]]] = {}
        self._sockets = {opened.fileno(): opened for opened in sockets}
        self._poll = select.epoll()
        for opened in sockets:
            opened.setblocking(False)
            self._poll.register(opened, select.EPOLLIN)

    def hear(self, seconds: float) -> None:
        """Keep only what arrives from now on. Raises `BrokenRun` when a socket is closed."""
        self.reads = {number: [] for number in self._sockets}
        gc.collect()
        gc.disable()
        try:
            until = time.monotonic() + seconds
            while (left := until - time.monotonic()) > 0:
                for number, _ in self._poll.poll(left):
                    data = self._sockets[number].recv(_READ_BYTES)
                    self.reads[number].append((time.monotonic(), data))
                    if answer := pongs(data):
                        self._sockets[number].send(answer)
                    if not data:
                        raise BrokenRun("a socket was closed while its answer went on")
        finally:
            gc.enable()

    def close(self) -> None:
        self._poll.close()
        for opened in self._sockets.values():
            opened.close()
