"""Asking each peer in its own protocol, as lean as it allows."""

import re
import socket
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from uuid import uuid4

import msgspec

from tests.bench.peers.programs import LITELLM_KEY
from tests.bench.streaming.load import Exchange, drive, pieces
from tests.bench.streaming.sockets import open_socket, pongs, receive, text_frame
from tests.bench.streaming.work import ANSWER_S, DIGITS, Answer, Judge, outcome, question

_INSTANTS = re.compile(rb"(?<!\d)((?:\d{%d})+)(?!\d)" % DIGITS)
_LATE_S = 600.0
_OPENED = re.compile(rb'"event_id":\s*"')
_ENGINE_PING = b"\x81\x012"
"""Engine.IO's own ping, in one text frame."""


def gradio(users: int, port: int) -> Judge:
    """Its queue: join it, then follow the session's events over SSE on the same connection."""
    exchanges = []
    for _ in range(users):
        session = uuid4().hex[:10]
        body = {"data": [question()], "fn_index": 0, "session_hash": session, "trigger_id": None, "event_data": None}
        follow = f"GET /gradio_api/queue/data?session_hash={session} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n\r\n"
        once = partial(_once, iter([follow.encode()]))
        exchanges.append(
            Exchange(partial(_connect, port), _post("/gradio_api/queue/join", port, body), _ends("close_stream"), once)
        )
    return _drive(exchanges)


def chainlit(users: int, port: int) -> Judge:
    """Socket.IO on a WebSocket that is open and greeted before anything is asked, as its page has it."""
    exchanges = []
    for _ in range(users):
        opened = _greeted(port)
        message = {
            "id": str(uuid4()), "threadId": "", "name": "user", "type": "user_message", "output": question(),
            "createdAt": "2026-01-01T00:00:00.000Z", "metadata": {},
        }  # fmt: skip
        request = _event("client_message", {"message": message, "fileReferences": []})
        exchanges.append(Exchange(partial(_same, opened), request, _ends("task_end"), _answer_pings))
    return _drive(exchanges)


def litellm(users: int, port: int) -> Judge:
    """OpenAI's own protocol."""
    body = {"model": "scripted", "stream": True, "messages": [{"role": "user", "content": question()}]}
    request = _post("/v1/chat/completions", port, body, f"authorization: Bearer {LITELLM_KEY}")
    done = re.compile(rb"\[DONE\]")
    return _drive([Exchange(partial(_connect, port), request, done) for _ in range(users)])


ASKING: dict[str, Callable[[int, int], Judge]] = {"gradio": gradio, "chainlit": chainlit, "litellm": litellm}


def _drive(exchanges: Sequence[Exchange]) -> Judge:
    drive(exchanges, ANSWER_S)
    return lambda: outcome([_answer(exchange) for exchange in exchanges])


def _answer(exchange: Exchange) -> Answer:
    """Peers repeat text, send it whole at the end, and say other long numbers: each due instant counts once."""
    answer = Answer(exchange.asked_at)
    for at, instant in sorted(_first_sights(exchange), key=lambda sight: sight[1]):
        answer.take(at, instant.decode())
    return answer


def _first_sights(exchange: Exchange) -> Iterator[tuple[float, bytes]]:
    seen = set()
    earliest, latest = exchange.asked_at * 1e6, (exchange.asked_at + _LATE_S) * 1e6
    for at, digits in pieces(exchange.reads, _INSTANTS):
        for start in range(0, len(digits), DIGITS):
            instant = digits[start : start + DIGITS]
            if instant not in seen and earliest < int(instant) < latest:
                seen.add(instant)
                yield at, instant


def _greeted(port: int) -> socket.socket:
    opened = open_socket(port, "/ws/socket.io/?EIO=4&transport=websocket")
    receive(opened)
    auth = {"sessionId": str(uuid4()), "clientType": "webapp", "userEnv": "{}", "threadId": "", "chatProfile": ""}
    opened.sendall(text_frame(b"40" + msgspec.json.encode(auth)))
    receive(opened)
    opened.sendall(_event("connection_successful"))
    while b"clear_call_fn" not in receive(opened)[1]:
        pass
    return opened


def _event(name: str, *data: object) -> bytes:
    return text_frame(b"42" + msgspec.json.encode([name, *data]))


def _answer_pings(data: bytes) -> bytes:
    return pongs(data) + (text_frame(b"3") if _ENGINE_PING in data else b"")


def _once(left: Iterator[bytes], data: bytes) -> bytes:
    """The next request when the first was answered; then nothing more."""
    return next(left, b"") if _OPENED.search(data) else b""


def _post(path: str, port: int, body: object, *headers: str) -> bytes:
    content = msgspec.json.encode(body)
    lines = [
        f"POST {path} HTTP/1.1",
        f"host: 127.0.0.1:{port}",
        "content-type: application/json",
        f"content-length: {len(content)}",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode() + content


def _ends(name: str) -> re.Pattern[bytes]:
    return re.compile(rb'"%b"' % name.encode())


def _connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port))


def _same(opened: socket.socket) -> socket.socket:
    return opened
