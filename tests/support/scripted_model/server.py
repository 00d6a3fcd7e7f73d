"""The server: raw asyncio and httptools, so that it can feed 25,000 tokens a second with little of a core."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import cast

import httptools
import msgspec

from tests.support.scripted_model.answer import Answer
from tests.support.scripted_model.script import Request, Script
from tests.support.scripted_model.wheel import Wheel

_KEPT_RECORDS = 20_000


class Record(msgspec.Struct):
    """One request. ``ended``: ``None`` while it runs, then finished, refused, fault or client (who closed)."""

    text: str
    status: int
    tokens: int = 0
    ended: str | None = None
    started_at: float = 0.0
    ended_at: float = 0.0


class Stats(msgspec.Struct):
    requests: int = 0
    open_connections: int = 0
    connections: int = 0
    records: deque[Record] = msgspec.field(default_factory=lambda: deque(maxlen=_KEPT_RECORDS))

    def count(self, ended: str | None) -> int:
        return sum(record.ended == ended for record in self.records)


class ScriptedModel:
    """``async with ScriptedModel() as model``, then `base_url` for clients. ``default`` is for unscripted requests."""

    def __init__(self, default: Script | None = None) -> None:
        self.stats = Stats()
        self.default = default or Script()
        self.port = 0
        self.last_body = b"{}"
        """Of the last completion that was asked for; also at ``/_last``."""
        self._seen: dict[str, int] = {}
        self._changed: set[asyncio.Future[None]] = set()
        self._connections: set[Connection] = set()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def start(self, port: int = 0) -> None:
        loop = asyncio.get_running_loop()
        self.wheel = Wheel(loop)
        self._server = await loop.create_server(lambda: Connection(self), "127.0.0.1", port, backlog=4096)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self._server.close()
        self.wheel.stop()
        for connection in list(self._connections):
            connection.transport.abort()
        await self.until(lambda: not self._connections)
        await self._server.wait_closed()

    async def __aenter__(self) -> "ScriptedModel":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def until(self, holds: Callable[[], bool], limit_s: float = 10.0) -> None:
        """Return once ``holds()``, asked at every change of `stats`. Raises TimeoutError."""
        async with asyncio.timeout(limit_s):
            while not holds():
                change = asyncio.get_running_loop().create_future()
                self._changed.add(change)
                try:
                    await change
                finally:
                    self._changed.discard(change)

    def changed(self) -> None:
        for change in self._changed:
            if not change.done():
                change.set_result(None)

    def script_of(self, request: Request) -> Script:
        script = request.script(self.default)
        if script.faults is not None:
            key = request.last_user_text()
            self._seen[key] = self._seen.get(key, 0) + 1
            if self._seen[key] > script.faults:
                return script.faultless()
        return script


class Connection(asyncio.Protocol):
    """One connection; httptools calls its ``on_…`` methods."""

    transport: asyncio.Transport

    def __init__(self, model: ScriptedModel) -> None:
        self._model = model
        self._parser = httptools.HttpRequestParser(self)
        self._path = b""
        self._body: list[bytes] = []
        self._record: Record | None = None
        self._answer: Answer | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's are none by inheritance
        self._model._connections.add(self)
        self._model.stats.open_connections += 1
        self._model.stats.connections += 1
        self._model.changed()

    def connection_lost(self, exc: Exception | None) -> None:
        self._model._connections.discard(self)
        self._model.stats.open_connections -= 1
        self._ended("client")
        self._model.changed()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.transport.abort()

    def on_url(self, url: bytes) -> None:
        self._path = url
        self._body = []

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        if self._path == b"/_stats":
            self._reply(
                200,
                msgspec.json.encode(
                    msgspec.structs.asdict(self._model.stats) | {"records": list(self._model.stats.records)}
                ),
            )
        elif self._path == b"/_last":
            self._reply(200, self._model.last_body)
        elif self._path == b"/v1/models":
            self._reply(200, b'{"object":"list","data":[{"id":"scripted","object":"model"}]}')
        elif self._path == b"/v1/chat/completions":
            self._complete()
        else:
            self._reply(404, b'{"error":{"message":"no such address"}}')

    def _complete(self) -> None:
        self._model.last_body = b"".join(self._body)
        try:
            request = msgspec.json.decode(self._model.last_body, type=Request)
            script = self._model.script_of(request)
        except msgspec.DecodeError as error:
            self._reply(400, msgspec.json.encode({"error": {"message": str(error)}}))
            return
        now = asyncio.get_running_loop().time()
        text = request.last_user_text()
        self._record = Record(text=text, status=script.status, started_at=now)
        self._model.stats.requests += 1
        self._model.stats.records.append(self._record)
        if script.status != 200:
            retry = b"" if script.retry_after is None else b"retry-after: %b\r\n" % script.retry_after.encode()
            self._reply(script.status, b'{"error":{"message":"as scripted","code":"scripted"}}', retry)
            self._ended("refused")
        elif request.stream:
            self._stream(script, request, now)
        else:
            self._reply(200, _whole(script))
            self._ended("finished")
        self._model.changed()

    def _stream(self, script: Script, request: Request, now: float) -> None:
        self._answer = answer = Answer(
            script, usage=request.wants_usage(), now=now, write=self.transport.write, end=self._answered
        )
        again_at: float | None = answer.first_at
        if again_at is not None and again_at <= now:
            again_at = answer.fire(now)
        if again_at is not None:
            self._model.wheel.add(again_at, answer)

    def _answered(self, cut: bool) -> None:
        self._ended("fault" if cut else "finished")
        if cut:
            # What was written is to arrive before the end does, so no reset; the body stays incomplete all the same.
            self.transport.close()
        self._model.changed()

    def _ended(self, how: str) -> None:
        if self._answer is not None:
            self._answer.closed = True
        if self._record is not None:
            self._record.tokens = self._answer.sent if self._answer else 0
            self._record.ended = how
            self._record.ended_at = asyncio.get_running_loop().time()
        self._record = self._answer = None

    def _reply(self, status: int, body: bytes, headers: bytes = b"") -> None:
        head = b"HTTP/1.1 %d Scripted\r\ncontent-type: application/json\r\ncontent-length: %d\r\n%b\r\n"
        self.transport.write(head % (status, len(body), headers) + body)


def _whole(script: Script) -> bytes:
    return msgspec.json.encode(
        {
            "id": "chatcmpl-0",
            "object": "chat.completion",
            "created": 0,
            "model": "scripted",
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": script.text()},
                    "finish_reason": "stop",
                }
            ],
            "usage": {"prompt_tokens": 7, "completion_tokens": script.tokens, "total_tokens": script.tokens + 7},
        }
    )
