"""OpenAI's shapes, as far as the stand-in takes part in them."""

from typing import Any

import msgspec
from msgspec import structs

from tokenline.contracts.errors import BadRequest
from tokenline.core.ports.model import ChatTurn, Picture

MODEL = "offline"
_ROLES = {"developer": "system", "function": "tool"}


class StreamOptions(msgspec.Struct):
    include_usage: bool = False


class CompletionRequest(msgspec.Struct):
    """Fields that choose between wordings of a real model (temperature and the like) are accepted and ignored."""

    messages: list[dict[str, Any]]
    model: str = MODEL
    stream: bool = False
    stream_options: StreamOptions | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None

    @property
    def limit(self) -> int | None:
        return self.max_completion_tokens or self.max_tokens

    def turns(self) -> list[ChatTurn]:
        return [_turn(message) for message in self.messages]


_decoder = msgspec.json.Decoder(CompletionRequest)


def read_request(body: bytes) -> CompletionRequest:
    """Raises `BadRequest`."""
    try:
        request = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadRequest(f"This is no chat completion request: {error}") from None
    if not request.messages:
        raise BadRequest("There must be at least one message.")
    return request


def _turn(message: dict[str, Any]) -> ChatTurn:
    content = message.get("content")
    names: tuple[str, ...] = ()
    if isinstance(content, list):
        content, names = _parts([part for part in content if isinstance(part, dict)])
    role = message.get("role")
    try:
        turn = msgspec.convert({"role": _ROLES.get(str(role), role), "content": content or ""}, ChatTurn)
    except msgspec.ValidationError as error:
        raise BadRequest(f"A message is not as it should be: {error}") from None
    return structs.replace(turn, pictures=tuple(Picture(name=name, jpeg=b"", tokens=0) for name in names))


def _parts(parts: list[dict[str, Any]]) -> tuple[str, tuple[str, ...]]:
    """The text, and a name for each picture: ours stand behind their names, which are none of the question's words."""
    texts: list[str] = []
    names: list[str] = []
    for part in parts:
        if part.get("type") == "image_url":
            named = len(texts) > 1 and texts[-1].endswith(":")
            names.append(texts.pop()[:-1] if named else "")
        elif isinstance(text := part.get("text"), str):
            texts.append(text)
    return "\n".join(texts), tuple(names)


def usage(prompt_words: int, answer_words: int) -> dict[str, int]:
    """Counted in words: there is no tokeniser here."""
    return {
        "prompt_tokens": prompt_words,
        "completion_tokens": answer_words,
        "total_tokens": prompt_words + answer_words,
    }


def whole(answer_id: str, created: int, text: str, finish_reason: str, used: dict[str, int]) -> bytes:
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": text},
        "logprobs": None,
        "finish_reason": finish_reason,
    }
    return msgspec.json.encode(_envelope(answer_id, created, "chat.completion") | {"choices": [choice], "usage": used})


def chunk(answer_id: str, created: int, delta: dict[str, str], finish_reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
    return _event(_envelope(answer_id, created, "chat.completion.chunk") | {"choices": [choice]})


def usage_chunk(answer_id: str, created: int, used: dict[str, int]) -> bytes:
    return _event(_envelope(answer_id, created, "chat.completion.chunk") | {"choices": [], "usage": used})


DONE = b"data: [DONE]\n\n"


def _envelope(answer_id: str, created: int, kind: str) -> dict[str, Any]:
    return {"id": answer_id, "object": kind, "created": created, "model": MODEL}


def _event(value: dict[str, Any]) -> bytes:
    return b"data: " + msgspec.json.encode(value) + b"\n\n"
