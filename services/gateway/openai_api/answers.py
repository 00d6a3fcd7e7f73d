"""How the answers look, for the OpenAPI document; they are made in `chunks` and `errors`."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict


class Answer(BaseModel):
    """Has no fields but those that are named."""

    model_config = ConfigDict(extra="forbid")


class Model(Answer):
    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str = "tokenline"


class ModelList(Answer):
    object: Literal["list"] = "list"
    data: list[Model]


class Function(Answer):
    name: str
    arguments: str


class ToolCall(Answer):
    id: str
    type: Literal["function"]
    function: Function


class AssistantMessage(Answer):
    role: Literal["assistant"]
    content: str | None
    refusal: None
    tool_calls: list[ToolCall] | None = None


class Choice(Answer):
    index: int
    message: AssistantMessage
    logprobs: None
    finish_reason: str


class TokenUsage(Answer):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class ChatCompletion(Answer):
    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[Choice]
    usage: TokenUsage


class OpenAIError(Answer):
    message: str
    type: str
    param: str | None
    code: str


class OpenAIErrorAnswer(Answer):
    error: OpenAIError


_WHY = {
    400: "The request must change.",
    401: "No such API key.",
    403: "The API key lacks a scope.",
    404: "No such model.",
    409: "The ticket was stopped by somebody else.",
    413: "The request is too large.",
    429: "Too many requests: `Retry-After` says when to come back.",
    502: "The model failed.",
    503: "The queue is full, or the store is away: `Retry-After` says when to come back.",
    504: "Nobody was free in time.",
}
_STREAM = "Server-sent events with `chat.completion.chunk` objects, then `[DONE]`, where `stream` was asked for."


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: {"model": OpenAIErrorAnswer, "description": _WHY[status]} for status in statuses}


def completion() -> dict[int | str, dict[str, Any]]:
    events = {"text/event-stream": {"schema": {"type": "string", "description": _STREAM}}}
    header = {"schema": {"type": "string"}}
    queue = [f"x-tokenline-{name}" for name in ("ticket", "position", "eta-likely-s", "eta-worst-s")]
    limits = [f"x-ratelimit-{what}-{of}" for of in ("requests", "tokens") for what in ("limit", "remaining", "reset")]
    answer: dict[str, Any] = {
        "model": ChatCompletion,
        "description": "The answer.",
        "content": events,
        "headers": dict.fromkeys(queue + limits, header),
    }
    return {200: answer, **errors(*_WHY)}
