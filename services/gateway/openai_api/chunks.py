"""The answer in OpenAI's shapes: whole, and as the chunks of a stream."""

from collections.abc import Iterator
from typing import Any

import msgspec

from tokenline.contracts.base import to_json
from tokenline.contracts.chat import FunctionCall, SharedMessage
from tokenline.contracts.replies import CallPiece
from tokenline.contracts.tickets import Ticket, Usage

DONE = b"data: [DONE]\n\n"


class _Delta(msgspec.Struct):
    text: msgspec.Raw


_text_of = msgspec.json.Decoder(_Delta).decode


def event(body: object) -> bytes:
    return b"data: %b\n\n" % to_json(body)


class Chunks:
    """Makes the events of one stream. ``usage``: as OpenAI does it then, every chunk has the field, empty but once."""

    def __init__(self, ticket: Ticket, model: str, *, usage: bool) -> None:
        self._usage = usage
        self._called: set[int] = set()
        self._head: dict[str, Any] = {
            "id": f"chatcmpl-{ticket.id}",
            "object": "chat.completion.chunk",
            "created": int(ticket.created_at),
            "model": model,
        }
        # Text is the hot path: everything but the text itself is encoded once.
        before, after = self._event({"content": "\0"}).split(to_json("\0"))
        self._before, self._after = before, after

    def text(self, frame: str) -> bytes:
        """From an encoded `frames.Text`: its text is in JSON already."""
        return b"%b%b%b" % (self._before, _text_of(frame).text, self._after)

    def begin(self) -> bytes:
        return self._event({"role": "assistant", "content": ""})

    def call(self, piece: CallPiece) -> Iterator[bytes]:
        """Every call begins with an event of its own that has its id and name, and no arguments yet."""
        if piece.index not in self._called:
            self._called.add(piece.index)
            named = {"name": piece.name, "arguments": ""}
            first = {"index": piece.index, "id": piece.call_id, "type": "function", "function": named}
            yield self._event({"tool_calls": [first]})
        if piece.arguments:
            further = {"index": piece.index, "function": {"arguments": piece.arguments}}
            yield self._event({"tool_calls": [further]})

    def end(self, answer: SharedMessage) -> Iterator[bytes]:
        yield self._event({}, finish_reason(answer))
        if self._usage:
            yield event(self._head | {"choices": [], "usage": usage(answer.usage)})
        yield DONE

    def beside(self, name: str, **fields: object) -> bytes:
        """A named event that is a chunk all the same, without choices: clients read every event as one."""
        return b"event: %b\n%b" % (name.encode(), event(self._head | {"choices": [], **fields}))

    def _event(self, delta: dict[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return event(self._head | {"choices": [choice]} | ({"usage": None} if self._usage else {}))


def whole(ticket: Ticket, model: str, answer: SharedMessage) -> dict[str, Any]:
    message: dict[str, Any] = {
        "role": "assistant",
        "content": answer.content or (None if answer.open_calls else ""),
        "refusal": None,
    }
    if answer.open_calls:
        message["tool_calls"] = [_called(call) for call in answer.open_calls]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish_reason(answer)}
    return {
        "id": f"chatcmpl-{ticket.id}",
        "object": "chat.completion",
        "created": int(ticket.created_at),
        "model": model,
        "choices": [choice],
        "usage": usage(answer.usage),
    }


def _called(call: FunctionCall) -> dict[str, Any]:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def finish_reason(answer: SharedMessage) -> str:
    """As the model said it; answers of earlier versions do not have it."""
    return answer.finish_reason or "stop"


def usage(used: Usage | None) -> dict[str, int]:
    used = used or Usage()
    return {
        "prompt_tokens": used.prompt_tokens,
        "completion_tokens": used.completion_tokens,
        "total_tokens": used.prompt_tokens + used.completion_tokens,
    }
