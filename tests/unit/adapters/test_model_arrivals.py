"""Sockets that are read together: who is told, what is read, and how one ends."""

import asyncio
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tokenline.adapters.model_openai.arrivals import READ_BYTES, SocketArrivals


class Ear:
    """One end of a connection, which notes what it is given, and the other end, which talks."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            self.peer = socket.create_connection(listening.getsockname())
            self.own, _ = listening.accept()
        self.own.setblocking(False)
        self.heard: list[bytes | OSError | None] = []
        self.interrupts: list[int] = []
        """Descriptors that it takes away when it hears something."""
        self._arrivals: SocketArrivals | None = None

    def join(self, arrivals: SocketArrivals) -> None:
        self._arrivals = arrivals
        arrivals.add(self.own.fileno(), self)

    def data_received(self, data: bytes) -> None:
        self.heard.append(data)
        for number in self.interrupts:
            assert self._arrivals is not None
            self._arrivals.remove(number)

    def over(self, error: OSError | None) -> None:
        self.heard.append(error)
        assert self._arrivals is not None
        self._arrivals.remove(self.own.fileno())

    def close(self) -> None:
        self.own.close()
        self.peer.close()


@contextmanager
def ears(number: int) -> Iterator[list[Ear]]:
    made = [Ear() for _ in range(number)]
    yield made
    for ear in made:
        ear.close()


class Told:
    def __init__(self, arrivals: SocketArrivals) -> None:
        self.times = 0
        self._news = asyncio.Event()
        arrivals.tell(self._tell)

    def _tell(self) -> None:
        self.times += 1
        self._news.set()

    async def wait(self) -> None:
        async with asyncio.timeout(5):
            await self._news.wait()
        self._news.clear()


@pytest.fixture
async def arrivals():
    made = SocketArrivals()
    yield made
    made.close()


async def test_what_has_come_for_all_is_read_at_once(arrivals):
    with ears(3) as (a, b, c):
        told = Told(arrivals)
        for ear in (a, b, c):
            ear.join(arrivals)
        a.peer.send(b"one")
        await told.wait()
        b.peer.send(b"two")
        assert arrivals.read()
        assert (a.heard, b.heard, c.heard) == ([b"one"], [b"two"], [])


async def test_it_is_told_once_until_a_reading_finds_nothing(arrivals):
    with ears(1) as (ear,):
        told = Told(arrivals)
        ear.join(arrivals)
        ear.peer.send(b"a")
        await told.wait()
        assert arrivals.read()
        ear.peer.send(b"b")
        for _ in range(20):
            await asyncio.sleep(0)
        assert told.times == 1
        assert (arrivals.read(), arrivals.read()) == (True, False)
        ear.peer.send(b"c")
        await told.wait()
        assert told.times == 2
        assert ear.heard == [b"a", b"b"]


async def test_the_end_and_a_failure_are_told_apart(arrivals):
    with ears(2) as (ended, failed):
        told = Told(arrivals)
        for ear in (ended, failed):
            ear.join(arrivals)
        ended.peer.close()
        failed.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        failed.peer.close()
        await told.wait()
        assert arrivals.read()
        assert ended.heard == [None]
        assert [type(news) for news in failed.heard] == [ConnectionResetError]
        assert not arrivals.read()


async def test_what_came_in_a_burst_is_read_in_one_reading(arrivals):
    with ears(1) as (ear,):
        Told(arrivals)
        ear.own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        ear.join(arrivals)
        sent = bytes(3 * READ_BYTES)
        await asyncio.to_thread(ear.peer.sendall, sent)
        arrivals.read()
        heard = [news for news in ear.heard if isinstance(news, bytes)]
        assert (b"".join(heard), len(heard) > 1) == (sent, True)


async def test_one_that_has_enough_is_left_in_the_middle_of_a_burst(arrivals):
    with ears(1) as (ear,):
        Told(arrivals)
        ear.own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        ear.join(arrivals)
        ear.interrupts = [ear.own.fileno()]
        await asyncio.to_thread(ear.peer.sendall, bytes(3 * READ_BYTES))
        arrivals.read()
        assert [len(news) for news in ear.heard if isinstance(news, bytes)] == [READ_BYTES]


async def test_one_that_was_taken_away_meanwhile_is_not_read(arrivals):
    with ears(2) as (a, b):
        Told(arrivals)
        for ear in (a, b):
            ear.join(arrivals)
        a.interrupts, b.interrupts = [b.own.fileno()], [a.own.fileno()]
        a.peer.send(b"a")
        b.peer.send(b"b")
        async with asyncio.timeout(5):
            while not arrivals.read():  # noqa: ASYNC110 - loopback delivers without telling
                await asyncio.sleep(0)
        assert [*a.heard, *b.heard] in ([b"a"], [b"b"])
