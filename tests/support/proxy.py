"""A TCP proxy between a process and RabbitMQ, to hurt the link with: delay, black hole, cut, and single frames lost.

It runs in a thread of its own, so that a test may block, and hurts every connection that goes through it alike.
"""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from pamqp import frame as amqp
from pamqp.base import Frame
from yarl import URL

Side = Literal["client", "server"]
SIDES: tuple[Side, Side] = ("client", "server")

_HELLO = b"AMQP"
_HELLO_BYTES = 8
_METHOD, _HEADER, _BODY = 1, 2, 3
_CHUNK_BYTES = 64 * 1024


def _other(side: Side) -> Side:
    return "server" if side == "client" else "client"


@dataclass(eq=False)
class Loss:
    """One frame that is to get lost: the ``nth`` of its kind from now on."""

    method: type[Frame]
    sent_by: Side
    nth: int
    then_cut: bool
    happened: threading.Event = field(default_factory=threading.Event)

    def wait(self, limit_s: float = 15.0) -> None:
        """Block until it got lost. Raises TimeoutError."""
        if not self.happened.wait(limit_s):
            raise TimeoutError(f"no {self.method.name} from the {self.sent_by} was there to lose")


class Frames:
    """Cuts a direction of a connection into AMQP frames; what is not whole yet waits."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        self._rest += data
        while len(self._rest) >= _HELLO_BYTES:
            whole = _HELLO_BYTES
            if not self._rest.startswith(_HELLO):
                whole = int.from_bytes(self._rest[3:7]) + _HELLO_BYTES
            if len(self._rest) < whole:
                return
            frame, self._rest = self._rest[:whole], self._rest[whole:]
            yield frame


class Proxy:
    """``with Proxy(amqp_url) as proxy``, then give `url` to the process under test.

    ``record`` names methods whose frames are kept in `seen`, whichever side sent them.
    """

    def __init__(self, amqp_url: str, *record: type[Frame]) -> None:
        self.seen: list[Frame] = []
        self._target = URL(amqp_url)
        self._record = tuple(method.index for method in record)
        self._losses: list[Loss] = []
        self._links: set[asyncio.Task[None]] = set()
        self._delay_s = 0.0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy")

    def __enter__(self) -> Self:
        self._thread.start()
        self._run(self._open())
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def url(self) -> str:
        return str(self._target.with_host("127.0.0.1").with_port(self._port))

    # ── what can be done to the link ─────────────────────────────────────────────────────────────────────────────────

    def delay(self, seconds: float) -> None:
        """From now on everything takes so much longer, each way."""
        self._delay_s = seconds

    def black_hole(self, *sent_by: Side) -> None:
        """Nothing passes any more, not even the end of a connection, as with a cable pulled out: both ways, or only
        what one side sends. Connections are still taken. What was sent arrives after `thaw`, as TCP does it.
        """
        self._run(self._set_gates(sent_by or SIDES, passable=False))

    def thaw(self) -> None:
        self._run(self._set_gates(SIDES, passable=True))

    def cut(self) -> None:
        """Every connection ends at once; later ones work."""
        self._run(self._cut())

    def lose(self, method: type[Frame], *, sent_by: Side, nth: int = 1, then_cut: bool = False) -> Loss:
        """Let the ``nth`` frame of this method disappear, with its content; ``then_cut`` in the same moment."""
        loss = Loss(method, sent_by, nth, then_cut)
        self._losses.append(loss)
        return loss

    # ── in its thread ────────────────────────────────────────────────────────────────────────────────────────────────

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _open(self) -> None:
        self._gates = {side: asyncio.Event() for side in SIDES}
        await self._set_gates(SIDES, passable=True)
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self._port: int = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        self._server.close()
        await self._cut()

    async def _cut(self) -> None:
        links = list(self._links)
        for link in links:
            link.cancel()
        await asyncio.gather(*links, return_exceptions=True)

    async def _set_gates(self, sides: tuple[Side, ...], *, passable: bool) -> None:
        for side in sides:
            if passable:
                self._gates[side].set()
            else:
                self._gates[side].clear()

    def _accept(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        link = self._loop.create_task(self._link(client, to_client), name="link")
        self._links.add(link)
        link.add_done_callback(self._links.discard)

    async def _link(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        """One connection; both its halves end with the first that ends."""
        try:
            server, to_server = await asyncio.open_connection(self._target.host, self._target.port)
            try:
                async with asyncio.TaskGroup() as halves:
                    halves.create_task(self._half("client", client, to_server))
                    halves.create_task(self._half("server", server, to_client))
            finally:
                to_server.transport.abort()
        except* OSError:
            pass  # one of the two ended: so does the other
        finally:
            to_client.transport.abort()

    async def _half(self, side: Side, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """Raises `ConnectionError` when it is over."""
        frames, losing = Frames(), set[bytes]()
        while data := await source.read(_CHUNK_BYTES):
            await self._gates[side].wait()
            if self._delay_s:
                await asyncio.sleep(self._delay_s)
            for frame in frames.feed(data):
                if self._passes(side, frame, losing):
                    sink.write(frame)
            try:
                await sink.drain()
            except OSError:
                # The sink's end is news that travels the other way.
                await self._gates[_other(side)].wait()
                raise
        await self._gates[side].wait()
        raise ConnectionError

    def _passes(self, side: Side, frame: bytes, losing: set[bytes]) -> bool:
        """``losing``: the channels on which a message's content is still to get lost."""
        kind, channel = frame[0], frame[1:3]
        if frame.startswith(_HELLO) or kind not in (_METHOD, _HEADER, _BODY):
            return True
        if kind != _METHOD:
            return channel not in losing
        losing.discard(channel)
        method = int.from_bytes(frame[7:11])
        if method in self._record:
            said = amqp.unmarshal(frame)[2]
            assert isinstance(said, Frame)
            self.seen.append(said)
        if not self._is_lost(side, method):
            return True
        losing.add(channel)
        return False

    def _is_lost(self, side: Side, method: int) -> bool:
        for loss in self._losses:
            if loss.sent_by == side and loss.method.index == method and not loss.happened.is_set():
                loss.nth -= 1
                if loss.nth == 0:
                    loss.happened.set()
                    if loss.then_cut:
                        for link in self._links:
                            link.cancel()
                    return True
        return False
