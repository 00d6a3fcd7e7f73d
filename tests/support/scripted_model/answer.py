"""One streamed answer on its way."""

from collections.abc import Callable
from typing import Any

import msgspec

from tests.support.scripted_model.script import Script, Then

_KEEP_ALIVE_S = 0.02
_NEVER = 1 << 60

_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
    b"cache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n"
)
_OPEN = b'{"id":"chatcmpl-0","object":"chat.completion.chunk","created":0,"model":"scripted","choices":['
_BEFORE = b"data: " + _OPEN + b'{"index":0,"delta":{"content":"'
_AFTER = b'"},"finish_reason":null}]}\n\n'
_ROLE = b"data: " + _OPEN + b'{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}\n\n'
_FINISH = b"data: " + _OPEN + b'{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
_DONE = b"data: [DONE]\n\n"
_ERROR = b'data: {"error":{"message":"the engine died","type":"server_error","code":500}}\n\n'


def framed(body: bytes) -> bytes:
    """One chunk of the transfer encoding."""
    return b"%x\r\n%b\r\n" % (len(body), body)


_INSTANT = framed(_BEFORE + b"0" * 16 + _AFTER).replace(b"0" * 16, b"%016d")
"""A token of ``times``: made ten thousand times a second beside what is measured."""


class Answer:
    """``write`` takes bytes for the socket. ``end`` is told whether the connection must be cut."""

    def __init__(
        self,
        script: Script,
        *,
        usage: bool,
        now: float,
        write: Callable[[bytes], None],
        end: Callable[[bool], None],
    ) -> None:
        self.sent = 0
        self.closed = False
        self._script = script
        self._usage = usage
        self._write = write
        self._end = end
        self._first_at = now + script.first_ms / 1000
        self._chunks = [] if script.times else [framed(_chunk(word)) for word in script.words()]
        self._chunks += [framed(_called(delta)) for call in script.calls for delta in call.deltas()]
        self._total = script.tokens if script.times else len(self._chunks)
        self._head = _HEAD + framed(_ROLE)
        if script.role_only:
            self._out(b"")

    @property
    def first_at(self) -> float:
        return self._first_at

    def fire(self, now: float) -> float | None:
        if self.closed:
            return None
        upto = min(self._due(now), self._total)
        if upto > self.sent:
            if self._script.times:
                self._out(b"".join([_INSTANT % int(self._at(i) * 1e6) for i in range(self.sent, upto)]))
            else:
                self._out(b"".join(self._chunks[self.sent : upto]))
            self.sent = upto
        if self.sent < self._total:
            return self._at(self.sent)
        return self._conclude(now)

    def _at(self, index: int) -> float:
        rate = self._script.per_second
        return self._first_at + (index / rate if rate else 0.0)

    def _due(self, now: float) -> int:
        """How many tokens should be out by now; half a millisecond of grace for the wheel's slots."""
        rate = self._script.per_second
        return int((now + 0.0005 - self._first_at) * rate) + 1 if rate else _NEVER

    def _conclude(self, now: float) -> float | None:
        match self._script.then:
            case Then.STALL:
                self._out(b"")
                return None
            case Then.KEEP_ALIVE:
                self._out(framed(b": keep-alive\n\n"))
                return now + _KEEP_ALIVE_S
            case Then.CUT:
                self._out(b"")
                self._end(True)
                return None
            case Then.MALFORMED:
                self._out(framed(b'data: {"choices": [{"delta"\n\n'))
            case Then.ERROR:
                self._out(framed(_ERROR))
            case Then.FINISH:
                finish = _FINISH if self._script.reason() == "stop" else _finish(self._script.reason())
                self._out(framed(finish) + (framed(self._usage_chunk()) if self._usage else b"") + framed(_DONE))
            case Then.UNFINISHED:
                self._out(b"")
        self._out(b"0\r\n\r\n")
        self._end(False)
        return None

    def _usage_chunk(self) -> bytes:
        usage = b'],"usage":{"prompt_tokens":7,"completion_tokens":%d,"total_tokens":%d}}\n\n'
        return b"data: " + _OPEN + usage % (self.sent, self.sent + 7)

    def _out(self, data: bytes) -> None:
        self._write(self._head + data)
        self._head = b""


def _finish(reason: str) -> bytes:
    return _FINISH.replace(b'"stop"', b'"%b"' % reason.encode())


def _called(delta: dict[str, Any]) -> bytes:
    choice = {"index": 0, "delta": {"tool_calls": [delta]}, "finish_reason": None}
    return b"data: %b%b]}\n\n" % (_OPEN, msgspec.json.encode(choice))


def _chunk(text: str) -> bytes:
    return _BEFORE + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").encode() + _AFTER
