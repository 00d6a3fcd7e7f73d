"""OpenAI's shapes, as far as this slice serves them: text in, text out."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tokenline.contracts.chat import ContextTurn
from tokenline.contracts.errors import TokenlineError


class TextPart(BaseModel):
    model_config = ConfigDict(extra="ignore")
    type: Literal["text"]
    text: str


class ChatMessage(BaseModel):
    model_config = ConfigDict(extra="ignore")
    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[TextPart]

    @property
    def text(self) -> str:
        if isinstance(self.content, str):
            return self.content
        return "".join(part.text for part in self.content)

    def turn(self) -> ContextTurn:
        return ContextTurn(role="system" if self.role == "developer" else self.role, content=self.text)


class StreamOptions(BaseModel):
    model_config = ConfigDict(extra="ignore")
    include_usage: bool = False


class CompletionRequest(BaseModel):
    """Sampling parameters are the agent's; those of the request are accepted and ignored."""

    model_config = ConfigDict(extra="ignore")
    model: str
    messages: list[ChatMessage] = Field(min_length=1, max_length=2000)
    stream: bool = False
    stream_options: StreamOptions | None = None


def error_body(error: TokenlineError) -> dict[str, Any]:
    kind = {401: "authentication_error", 429: "rate_limit_error"}.get(
        error.status, "server_error" if error.status >= 500 else "invalid_request_error"
    )
    return {"error": {"message": error.message, "type": kind, "code": error.code, "param": None}}


def chunk(ticket_id: str, created: int, model: str, delta: dict[str, str], finish: str | None = None) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{ticket_id}",
        "object": "chat.completion.chunk",
        "created": created,
        "model": model,
        "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}],
    }


def usage(prompt: int, completion: int) -> dict[str, int]:
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
