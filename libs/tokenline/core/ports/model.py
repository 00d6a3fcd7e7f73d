"""A language model behind an OpenAI-compatible endpoint."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Literal, Protocol

import msgspec

from tokenline.contracts.base import Shape
from tokenline.contracts.chat import FunctionCall
from tokenline.contracts.tickets import Usage


class Picture(Shape):
    """``name`` is the file's."""

    name: str
    jpeg: bytes
    tokens: int
    """About what the model counts for it."""


class ChatTurn(Shape, omit_defaults=True):
    role: Literal["system", "user", "assistant", "tool"]
    content: str
    tool_calls: tuple[FunctionCall, ...] = ()
    tool_call_id: str | None = None
    pictures: tuple[Picture, ...] = ()
    """Of the user's turns; they stand behind the text."""


class ModelRequest(Shape):
    model: str
    turns: tuple[ChatTurn, ...]
    temperature: float | None = None
    max_tokens: int | None = None
    extra: dict[str, Any] = msgspec.field(default_factory=dict)
    """Further fields of the endpoint's request body, passed on as they are."""


class ModelText(Shape):
    text: str
    tokens: int = 1
    """Content chunks this text was read from: the token count where the model reports none."""


class ModelCall(Shape):
    """Part of a tool call. ``index`` counts the answer's calls from 0; the first part of each has its name.

    ``id`` is empty where the endpoint gives none; ``arguments`` goes on where the last part of this call ended.
    """

    index: int
    id: str
    name: str
    arguments: str


class ModelEnd(Shape):
    """Always the last event; ``usage`` is ``None`` when the endpoint does not report it."""

    finish_reason: str
    usage: Usage | None


ModelEvent = ModelText | ModelCall | ModelEnd


class Model(Protocol):
    def stream(
        self, request: ModelRequest, on_text: Callable[[ModelText], None] | None = None, /
    ) -> AbstractAsyncContextManager[AsyncIterator[ModelEvent]]:
        """Leaving the context closes the upstream connection at once, so nothing burns on.

        Text may be given to ``on_text`` in place of the iterator, as it comes while that is waited for, in order with
        what the iterator gives: waking a task is most of what a token costs. It must not block.

        Raises `ModelUnavailable`, `ModelOverloaded` (429, 503; ``retry_after_s`` in detail), `ModelRejected` (other
        4xx), and `AnswerIncomplete` when the stream ends without a finish reason or nothing comes in time.
        """
        ...

    def expect(self) -> None:
        """A request follows in a moment: what can be done for it ahead is begun."""
        ...

    async def close(self) -> None: ...
