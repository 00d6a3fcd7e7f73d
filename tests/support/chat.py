"""A chat client as strict as a test can be: it keeps every text by its offsets, refuses gaps and repeats, and frames
that the AsyncAPI document does not know."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin

from tests.support.documented import check_frame
from tests.support.system import System

Frame = dict[str, Any]
TERMINAL = ("complete", "error", "cancelled")


@dataclass
class Seen:
    """One ticket as this client knows it."""

    attempt: int = 0
    text: str = ""
    frames: list[Frame] = field(default_factory=list)

    @property
    def positions(self) -> list[int]:
        return [frame["position"] for frame in self.frames if frame["type"] in ("queued", "position")]

    @property
    def kinds(self) -> list[str]:
        return [frame["type"] for frame in self.frames]

    @property
    def end(self) -> Frame | None:
        return self.frames[-1] if self.frames and self.frames[-1]["type"] in TERMINAL else None

    def take(self, frame: Frame) -> None:
        assert self.end is None, f"after its end: {frame}"
        self.frames.append(frame)
        match frame["type"]:
            case "restarted":
                assert frame["attempt"] > self.attempt
                self.attempt, self.text = frame["attempt"], ""
            case "delta":
                assert frame["attempt"] == self.attempt or not self.text, "texts of two attempts mixed"
                assert frame["offset"] == len(self.text), "a gap or a repeat"
                self.attempt = frame["attempt"]
                self.text += frame["text"]
            case "snapshot":
                self.attempt, self.text = frame["attempt"], frame["text"]
            case "complete":
                assert frame["length"] == len(self.text)


class Chat:
    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.tickets: dict[str, Seen] = {}
        self.by_message: dict[str, str] = {}
        self.other: list[Frame] = []

    async def send(self, **frame: object) -> None:
        await self.socket.send(json.dumps(frame))

    async def ask(self, content: str, client_message_id: str, **fields: object) -> str:
        """Send a question; its ticket's id."""
        await self.send(type="send", content=content, client_message_id=client_message_id, **fields)
        await self.until(lambda: client_message_id in self.by_message)
        return self.by_message[client_message_id]

    async def resume(self, ticket_id: str, seen: Seen) -> None:
        """Go on from what another connection had."""
        self.tickets[ticket_id] = seen
        await self.send(type="resume", ticket_id=ticket_id, attempt=seen.attempt, offset=len(seen.text))

    async def until(self, met: Any, within_s: float = 30) -> None:
        """Take frames until ``met()`` holds."""
        async with asyncio.timeout(within_s):
            while not met():
                self.take(json.loads(await self.socket.recv()))

    async def ended(self, *ticket_ids: str, within_s: float = 30) -> None:
        await self.until(lambda: all(self.tickets[ticket_id].end for ticket_id in ticket_ids), within_s)

    def take(self, frame: Frame) -> None:
        check_frame(frame)
        ticket_id = frame.get("ticket_id")
        if frame["type"] == "accepted":
            self.by_message[frame["client_message_id"]] = frame["ticket_id"]
        # An edit is about the question: its frame may come after the answer's last one.
        if ticket_id is None or frame["type"] == "edited":
            self.other.append(frame)
            return
        self.tickets.setdefault(ticket_id, Seen()).take(frame)


@contextlib.asynccontextmanager
async def chat(system: System, email: str = "ada@example.org", gateway: str = "gateway-1") -> AsyncIterator[Chat]:
    """A signed-in socket at this gateway."""
    token = (await asyncio.to_thread(system.sign_in, email, gateway=gateway))["access_token"]
    async with connect(system.socket_url(gateway), origin=Origin(system.url(gateway))) as socket:
        client = Chat(socket)
        await client.send(type="auth", token=token)
        await client.until(lambda: any(frame["type"] == "ready" for frame in client.other))
        yield client
