"""One writer per socket: what it owes is looked up when the socket can take it, and only to who still follows."""

import asyncio
import json

import pytest
from starlette.websockets import WebSocketDisconnect

from services.gateway.live import FRAME_CHARACTERS, Cursor, Follower, LiveTicket
from services.gateway.ws.outbox import MAX_NOTICES, Outbox, TooSlow
from tests.unit.test_core_ledger import entry
from tests.unit.test_core_ticket import ticket
from tests.unit.test_gateway_live import answered
from tokenline.contracts.frames import Pong
from tokenline.contracts.tickets import TicketState


class Socket:
    """Takes a frame whenever the test lets it."""

    def __init__(self) -> None:
        self.taken: list[dict[str, object]] = []
        self.open = asyncio.Event()

    async def send(self, text: str) -> None:
        await self.open.wait()
        self.taken.append(json.loads(text))

    def texts(self) -> list[tuple[object, object]]:
        return [(frame["offset"], frame["text"]) for frame in self.taken if frame["type"] == "delta"]


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def unexpected(error: Exception) -> None:
    raise AssertionError from error


async def test_behind_it_gets_fewer_and_larger_frames_and_once_replaced_it_gets_nothing() -> None:
    live = LiveTicket(entry(1, TicketState.STREAMING, attempt=1))
    socket = Socket()
    outbox = Outbox(socket.send, lambda _: live)
    ended: list[Follower] = []
    outbox.start(ended.append, unexpected)

    def follow(cursor: Cursor) -> Follower:
        follower = Follower("t1", outbox.wake, cursor)
        live.followers.add(follower)
        outbox.wake(follower)
        return follower

    first = follow(Cursor())
    for offset in range(50):
        live.grow(1, offset, "x")
        live.wake()
        await settle()
    socket.open.set()
    await settle()
    assert socket.texts() == [(0, "x" * 50)]

    # The client resumes on the same socket while news for its former follower is still owed.
    socket.open.clear()
    live.grow(1, 50, "y")
    live.wake()
    await settle()
    live.grow(1, 51, "z")
    live.wake()
    live.followers.discard(first)
    follow(Cursor(attempt=1, offset=51, told=1))
    socket.open.set()
    await settle()
    assert socket.texts()[1:] == [(50, "y"), (51, "z")]
    await outbox.stop()


async def test_notices_are_bounded() -> None:
    outbox = Outbox(Socket().send, lambda _: None)
    for number in range(MAX_NOTICES):
        outbox.notice(Pong(id=number))
    with pytest.raises(TooSlow):
        outbox.notice(Pong(id=0))


class Direct(Socket):
    """Also takes frames at once, while it is ``free``."""

    def __init__(self) -> None:
        super().__init__()
        self.free = True
        self.at_once = 0

    def write(self, text: bytes) -> bool:
        if self.free:
            self.at_once += 1
            self.taken.append(json.loads(text))
        return self.free


async def test_what_finds_the_socket_free_goes_at_once_and_overtakes_nothing() -> None:
    live = LiveTicket(entry(1, TicketState.STREAMING, attempt=1))
    socket = Direct()
    socket.open.set()
    outbox = Outbox(socket.send, lambda _: live, socket.write)
    outbox.start(lambda _: None, unexpected)
    follower = Follower("t1", outbox.wake, Cursor())
    live.followers.add(follower)

    def say(text: str) -> None:
        live.grow(1, live.text.length, text)
        live.wake()

    say("before it runs ")
    assert (socket.at_once, len(socket.taken)) == (2, 2)  # PROCESSING was due, too
    say("at once ")
    assert (socket.at_once, len(socket.taken)) == (3, 3)
    outbox.notice(Pong(id=1))
    say("behind the notice ")
    assert (socket.at_once, len(socket.taken)) == (5, 5)
    assert [frame["type"] for frame in socket.taken[-2:]] == ["pong", "delta"]
    # A full socket: the writer waits for it, and what comes meanwhile waits behind.
    socket.free = False
    socket.open.clear()
    say("full ")
    await settle()
    socket.free = True
    outbox.notice(Pong(id=2))
    say("still behind ")
    assert socket.at_once == 5
    socket.open.set()
    await settle()
    assert [frame["type"] for frame in socket.taken[-3:]] == ["delta", "delta", "pong"]
    say("free again ")
    assert socket.at_once == len(socket.taken) - 1 == 8
    # Who has left is sent nothing.
    live.followers.discard(follower)
    live.grow(1, live.text.length, "nobody's")
    outbox.wake(follower)
    await settle()
    assert socket.at_once == 8
    live.followers.add(follower)
    live.grow(2, 0, "another attempt")
    live.wake()
    assert (socket.at_once, outbox._writing) == (11, None)
    assert [frame["type"] for frame in socket.taken[-3:]] == ["restarted", "processing", "delta"]
    offset = 0
    for at, text in socket.texts()[:-1]:
        assert at == offset
        offset += len(str(text))
    assert offset == len("before it runs at once behind the notice full still behind free again ")
    await outbox.stop()


class Filling(Direct):
    """Is full after ``room`` frames."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.free = room > 0
        self._room = room

    def write(self, text: bytes) -> bool:
        taken = super().write(text)
        self._room -= taken
        self.free = self._room > 0
        return taken


@pytest.mark.parametrize("room", range(6))
async def test_a_socket_that_fills_up_in_between_loses_no_frame(room: int) -> None:
    """Everything that may be due at once: whichever frame is the first that does not fit."""
    live = LiveTicket(entry(1, TicketState.STREAMING, attempt=2))
    live.grow(2, 0, "x" * (FRAME_CHARACTERS + 1))
    live.end(ticket(TicketState.COMPLETE, id="t1", attempt=2), answered("x" * (FRAME_CHARACTERS + 1)))
    socket = Filling(room)
    outbox = Outbox(socket.send, lambda _: live, socket.write)
    ended: list[Follower] = []
    outbox.start(ended.append, unexpected)
    follower = Follower("t1", outbox.wake, Cursor(attempt=1, offset=3, told=1))
    live.followers.add(follower)
    live.wake()
    assert (len(socket.taken), ended) == (min(room, 4), [follower] if room >= 4 else [])
    outbox.notice(Pong(id=1))
    socket.open.set()
    await settle()
    kinds = [str(frame["type"]) for frame in socket.taken]
    assert sorted(kinds) == ["complete", "delta", "delta", "pong", "restarted"]
    assert [kind for kind in kinds if kind != "pong"] == ["restarted", "delta", "delta", "complete"]
    assert (socket.texts(), ended) == ([(0, "x" * FRAME_CHARACTERS), (FRAME_CHARACTERS, "x")], [follower])
    await outbox.stop()


async def test_an_end_that_cannot_be_told_is_the_trouble_of_that_socket_alone() -> None:
    """Complete without an answer, as nobody writes it."""
    live = LiveTicket(entry(1, TicketState.STREAMING, attempt=1))
    sockets, failures = [Direct(), Direct()], list[Exception]()
    outboxes = [Outbox(socket.send, lambda _: live, socket.write) for socket in sockets]
    for outbox in outboxes:
        outbox.start(lambda _: None, failures.append)
        live.followers.add(Follower("t1", outbox.wake))
    live.end(ticket(TicketState.COMPLETE, id="t1"), None)
    live.wake()
    assert [type(failure) for failure in failures] == [ValueError, ValueError]
    for outbox, socket in zip(outboxes, sockets, strict=True):
        outbox.notice(Pong(id=1))
        await outbox.stop()
        assert "pong" not in [frame["type"] for frame in socket.taken]


async def test_who_leaves_as_soon_as_it_is_told_the_end_leaves_the_others_to_be_told() -> None:
    live = LiveTicket(entry(1, TicketState.STREAMING, attempt=1))
    sockets = [Direct(), Direct(), Direct()]
    for socket in sockets:
        outbox = Outbox(socket.send, lambda _: live, socket.write)
        outbox.start(live.followers.discard, unexpected)
        live.followers.add(Follower("t1", outbox.wake))
    live.end(ticket(TicketState.CANCELLED, id="t1"), None)
    live.wake()
    assert [[frame["type"] for frame in socket.taken] for socket in sockets] == [["cancelled"]] * 3
    assert live.followers == set()


async def test_nothing_waits_for_a_socket_to_which_nothing_is_due() -> None:
    socket = Socket()
    socket.open.set()
    outbox = Outbox(socket.send, lambda _: None)
    outbox.notice(Pong(id=1))
    before = asyncio.all_tasks()
    outbox.start(lambda _: None, unexpected)
    await settle()
    assert ([frame["id"] for frame in socket.taken], asyncio.all_tasks()) == ([1], before)
    outbox.notice(Pong(id=2))
    await settle()
    assert ([frame["id"] for frame in socket.taken], asyncio.all_tasks()) == ([1, 2], before)
    await outbox.stop()
    outbox.notice(Pong(id=3))
    await settle()
    assert len(socket.taken) == 2


async def test_what_comes_as_the_writer_ends_is_sent_too() -> None:
    sent: list[str] = []
    outbox: Outbox

    async def send(text: str) -> None:
        sent.append(text)
        if len(sent) == 1:
            # One turn of the loop later the task is over, and nobody was told so yet.
            asyncio.get_running_loop().call_soon(outbox.notice, Pong(id=2))

    outbox = Outbox(send, lambda _: None)
    outbox.start(lambda _: None, unexpected)
    outbox.notice(Pong(id=1))
    await settle()
    assert len(sent) == 2


async def test_what_ends_the_sending_is_told_once() -> None:
    async def fail(_: str) -> None:
        raise WebSocketDisconnect

    outbox = Outbox(fail, lambda _: None)
    failures: list[Exception] = []
    outbox.start(lambda _: None, failures.append)
    outbox.notice(Pong(id=1))
    await settle()
    outbox.notice(Pong(id=2))
    await settle()
    assert [type(failure) for failure in failures] == [WebSocketDisconnect]
    await outbox.stop()
