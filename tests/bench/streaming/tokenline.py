"""Asking through the whole product: sockets, gateway, RabbitMQ, worker, the same model."""

import asyncio
from collections.abc import Sequence
from typing import Any

import httpx2
import msgspec

from tests.bench.streaming.sockets import SocketClient, connect
from tests.bench.streaming.work import QUESTION, Answer, BrokenRun, Outcome, crowd

_PATIENCE_S = 60.0


class _Frame(msgspec.Struct):
    type: str
    text: str = ""


_decode = msgspec.json.Decoder(_Frame).decode


class People:
    """Registered users with an open socket each, as a chat page has it before anything is asked."""

    def __init__(self, sockets: Sequence[SocketClient]) -> None:
        self._sockets = sockets
        self._asked = 0

    async def ask(self, users: int) -> Outcome:
        return await crowd(users, self._ask)

    async def close(self) -> None:
        for socket in self._sockets:
            socket.close()
        await asyncio.gather(*(socket.closed for socket in self._sockets))

    async def _ask(self, number: int, answer: Answer) -> None:
        socket = self._sockets[number]
        ended: asyncio.Future[_Frame] = asyncio.get_running_loop().create_future()

        def take(payload: bytes) -> None:
            frame = _decode(payload)
            if frame.type == "delta":
                answer.take(frame.text)
            elif frame.type in ("complete", "error", "cancelled", "restarted", "snapshot") and not ended.done():
                ended.set_result(frame)

        if socket.closed.done():
            raise BrokenRun(f"the gateway closed a socket: {socket.closed.result()}")
        socket.on_text = take
        self._asked += 1
        answer.ask()
        socket.send(msgspec.json.encode({"type": "send", "client_message_id": f"m{self._asked}", "content": QUESTION}))
        endings: list[asyncio.Future[Any]] = [ended, socket.closed]
        await asyncio.wait(endings, timeout=_PATIENCE_S, return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():
            code = socket.closed.result() if socket.closed.done() else None
            raise BrokenRun(f"the gateway closed a socket: {code}" if code else "an answer did not come")
        if ended.result().type != "complete":
            raise BrokenRun(f"an answer ended with {ended.result()}")


async def gather_people(users: int, port: int) -> People:
    """Register ``users`` accounts and open their sockets."""
    sockets = []
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}/api/v1", timeout=30) as client:
        for number in range(users):
            body = {"email": f"user{number}@example.org", "password": "a long password"}
            answer = await client.post("/auth/register", json=body)
            answer.raise_for_status()
            sockets.append(await _enter(port, answer.json()["access_token"]))
    return People(sockets)


async def _enter(port: int, token: str) -> SocketClient:
    socket = await connect(port, "/api/v1/chat/ws")
    ready: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
    socket.on_text = lambda payload: None if ready.done() else ready.set_result(payload)
    socket.send(msgspec.json.encode({"type": "auth", "token": token}))
    async with asyncio.timeout(10):
        first = _decode(await ready)
    if first.type != "ready":
        raise BrokenRun(f"signing in was answered with {first}")
    return socket
