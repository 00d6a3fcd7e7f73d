"""A peer that speaks AMQP, for what RabbitMQ does not do on demand: it says yes to whatever is asked, confirms nothing
and delivers nothing, and says what the test wants, at the moment and cut as the test wants.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar, cast

from pamqp import commands, frame
from pamqp.base import Frame
from pamqp.frame import FrameTypes

from tests.support.broker import eventually
from tests.support.proxy import Frames

TLS_FOLDER = Path(__file__).parent / "tls"
FRAME_MAX = 4096
HEARTBEAT_S = 10

START = commands.Connection.Start(
    server_properties={
        "version": "3.10.8",
        "capabilities": {"publisher_confirms": True, "basic.nack": True, "connection.blocked": True},
    },
    mechanisms="PLAIN",
    locales="en_US",
)

_Method = TypeVar("_Method", bound=Frame)


@dataclass(eq=False)
class PeerLink:
    """One connection. ``heard``: the methods that came, with their channels."""

    writer: asyncio.StreamWriter
    unanswered: set[type[Frame]]
    name: str = ""
    heard: list[tuple[int, Frame]] = field(default_factory=list)
    listening: asyncio.Event = field(default_factory=asyncio.Event)

    def say(self, channel: int, *frames: FrameTypes) -> None:
        self.write(b"".join(frame.marshal(one, channel) for one in frames))

    def write(self, data: bytes) -> None:
        self.writer.write(data)

    def all(self, method: type[_Method]) -> list[tuple[int, _Method]]:
        """Those heard so far."""
        return [(channel, said) for channel, said in self.heard if isinstance(said, method)]

    async def until(self, method: type[_Method], count: int = 1) -> tuple[int, _Method]:
        """The ``count``-th one."""

        async def heard() -> bool:
            return len(self.all(method)) >= count

        await eventually(heard)
        return self.all(method)[count - 1]

    def answer(self, channel: int, asked: Frame) -> None:
        if type(asked) in self.unanswered:
            return
        match asked:
            case commands.Connection.StartOk():
                self.name = str((asked.client_properties or {}).get("connection_name"))
                self.say(0, commands.Connection.Tune(channel_max=100, frame_max=FRAME_MAX, heartbeat=HEARTBEAT_S))
            case commands.Connection.Close():
                self.say(0, commands.Connection.CloseOk())
                self.writer.close()
            case commands.Queue.Declare():
                self.say(channel, commands.Queue.DeclareOk(queue=asked.queue, message_count=0, consumer_count=1))
            case commands.Basic.Consume():
                self.say(channel, commands.Basic.ConsumeOk(consumer_tag=asked.consumer_tag))
            case commands.Basic.Cancel():
                self.say(channel, commands.Basic.CancelOk(consumer_tag=asked.consumer_tag))
            case _ if asked.synchronous:
                [yes] = asked.valid_responses
                self.say(channel, _METHODS[yes]())


_METHODS: dict[str, type[Frame]] = {
    method.name: method for method in cast(Iterable[type[Frame]], commands.INDEX_MAPPING.values())
}


class Peer:
    """``unanswered``: methods to which nobody says yes."""

    def __init__(self, *, tls: bool) -> None:
        self.links: list[PeerLink] = []
        self.unanswered: set[type[Frame]] = set()
        self._tls = tls
        self._server: asyncio.Server | None = None
        self.url = ""

    def link(self, name: str) -> PeerLink:
        """The newest connection whose name ends so."""
        return next(link for link in reversed(self.links) if link.name.endswith(name))

    async def open(self) -> None:
        context = None
        if self._tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(TLS_FOLDER / "hooks.pem", TLS_FOLDER / "hooks.key")
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)
        port = self._server.sockets[0].getsockname()[1]
        encrypted = f"amqps://127.0.0.1:{port}/?no_verify_ssl=1"
        self.url = encrypted if self._tls else f"amqp://127.0.0.1:{port}/"

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for link in self.links:
            link.listening.set()
            link.writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = PeerLink(writer, self.unanswered)
        link.listening.set()
        self.links.append(link)
        cut = Frames()
        try:
            while data := await reader.read(64 * 1024):
                for whole in cut.feed(data):
                    if whole.startswith(b"AMQP"):
                        link.say(0, START)
                        continue
                    _, channel, said = frame.unmarshal(whole)
                    if isinstance(said, Frame):
                        link.heard.append((channel, said))
                        link.answer(channel, said)
                await link.listening.wait()
        except OSError:
            pass  # cut by the other side
        finally:
            writer.transport.abort()


@asynccontextmanager
async def amqp_peer(*, tls: bool = False) -> AsyncIterator[Peer]:
    peer = Peer(tls=tls)
    await peer.open()
    try:
        yield peer
    finally:
        await peer.close()
