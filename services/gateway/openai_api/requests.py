"""What OpenAI clients send, and the question it becomes.

Unknown fields are ignored, as OpenAI's own would be by an older server. Those that would change the shape of the answer
are refused, because a client that sends them cannot do without.
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.gateway.accept import Question
from services.gateway.openai_api.pictures import Sent, sent
from tokenline.contracts.base import to_json
from tokenline.contracts.chat import ContextTurn, FunctionCall
from tokenline.contracts.errors import BadRequest
from tokenline.runtime.json_types import WHOLE, Flag, Number

PASSED_ON = (
    "temperature",
    "top_p",
    "max_tokens",
    "max_completion_tokens",
    "stop",
    "seed",
    "presence_penalty",
    "frequency_penalty",
    "logit_bias",
    "reasoning_effort",
    "response_format",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
)
OF_TOOLS = ("tools", "tool_choice", "parallel_tool_calls")
NO_QUESTION = "(results of tools)"
"""Stands for the question of a conversation that has none."""


class Lenient(BaseModel):
    model_config = ConfigDict(extra="ignore")


class ImageUrl(Lenient):
    url: str


class Part(Lenient):
    type: str
    text: str | None = None
    image_url: ImageUrl | None = None


class CalledFunction(Lenient):
    name: str
    arguments: str


class AssistantCall(Lenient):
    id: str
    type: Literal["function"] = "function"
    function: CalledFunction


class ChatMessage(Lenient):
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[Part] | None = None
    tool_calls: list[AssistantCall] | None = None
    tool_call_id: str | None = None

    def turn(self, where: str) -> ContextTurn:
        """``where`` it stands in the request, for who reads the error."""
        if self.role == "tool" and not self.tool_call_id:
            raise BadRequest("A message of the role 'tool' needs its tool_call_id.", param=f"{where}.tool_call_id")
        if self.content is None and not self.tool_calls:
            raise BadRequest("A message needs content.", param=f"{where}.content")
        calls = tuple(
            FunctionCall(id=call.id, name=call.function.name, arguments=call.function.arguments)
            for call in self.tool_calls or ()
        )
        return ContextTurn(
            role="system" if self.role == "developer" else self.role,
            content=self._text(f"{where}.content"),
            tool_calls=calls if self.role == "assistant" else (),
            tool_call_id=self.tool_call_id if self.role == "tool" else None,
        )

    def pictures(self, where: str) -> Iterator[Sent]:
        """Raises `BadRequest`, `Unsupported`."""
        for number, part in enumerate(self.content if isinstance(self.content, list) else ()):
            if part.type == "image_url" and part.image_url is not None:
                yield sent(part.image_url.url, f"{where}.content[{number}].image_url.url")

    def _text(self, where: str) -> str:
        if isinstance(self.content, str):
            return self.content
        for number, part in enumerate(self.content or ()):
            if part.image_url is not None and part.type == "image_url" and self.role == "user":
                continue
            if part.type != "text" or part.text is None:
                raise BadRequest(
                    f"Content of the type {part.type[:40]!r} is not supported here: send text.",
                    param=f"{where}[{number}].type",
                )
        return "".join(part.text or "" for part in self.content or ())


class ToolFunction(BaseModel):
    model_config = ConfigDict(extra="allow")
    name: str


class Tool(Lenient):
    type: Literal["function"]
    function: ToolFunction


class StreamOptions(Lenient):
    include_usage: Flag | None = False


class CompletionRequest(Lenient):
    """OpenAI's chat completion request. What of it is passed on to the model is in `PASSED_ON`."""

    model: str
    messages: list[ChatMessage] = Field(min_length=1, max_length=2000)
    stream: Flag | None = False
    stream_options: StreamOptions | None = None

    temperature: Annotated[Number, Field(ge=0, le=2)] | None = None
    top_p: Annotated[Number, Field(ge=0, le=1)] | None = None
    max_tokens: Annotated[int, Field(ge=1), WHOLE] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1), WHOLE] | None = None
    stop: str | list[str] | None = None
    seed: Annotated[int, WHOLE] | None = None
    presence_penalty: Annotated[Number, Field(ge=-2, le=2)] | None = None
    frequency_penalty: Annotated[Number, Field(ge=-2, le=2)] | None = None
    logit_bias: dict[str, Number] | None = None
    reasoning_effort: str | None = None
    response_format: dict[str, Any] | None = None
    tools: list[Tool] | None = Field(default=None, max_length=128)
    tool_choice: str | dict[str, Any] | None = None
    parallel_tool_calls: Flag | None = None

    n: Annotated[int, WHOLE] | None = None
    logprobs: Flag | None = None
    top_logprobs: Annotated[int, WHOLE] | None = None
    modalities: list[str] | None = None
    audio: dict[str, Any] | None = None
    functions: list[dict[str, Any]] | None = None
    function_call: str | dict[str, Any] | None = None

    @property
    def include_usage(self) -> bool:
        return bool(self.stream and self.stream_options and self.stream_options.include_usage)

    def pictures(self) -> list[list[Sent]]:
        """Of each message. Raises `BadRequest`, `Unsupported`."""
        return [list(message.pictures(f"messages[{number}]")) for number, message in enumerate(self.messages)]

    def question(self, client_message_id: str | None) -> Question:
        """Raises `BadRequest`; ``param`` in its detail says where."""
        self._refuse()
        turns = tuple(message.turn(f"messages[{number}]") for number, message in enumerate(self.messages))
        last = turns[-1]
        if last.role not in ("user", "tool"):
            raise BadRequest("The last message must be the user's, or a tool's.", param=f"messages[{len(turns) - 1}]")
        after_tools = last.role == "tool"
        asked = next((turn.content for turn in reversed(turns) if turn.role == "user" and turn.content.strip()), "")
        question = Question(
            content=(asked or NO_QUESTION) if after_tools else last.content,
            agent_id=self.model,
            client_message_id=client_message_id,
            context=turns if after_tools else turns[:-1],
            after_tools=after_tools,
            options=self._options(),
            archived=True,
        )
        try:
            to_json(question)
        except UnicodeEncodeError:
            # Half of a surrogate pair, which JSON can write and nothing can store.
            raise BadRequest("The request has text in it that is no Unicode.") from None
        return question

    def _options(self) -> dict[str, Any]:
        options = self.model_dump(include=set(PASSED_ON), exclude_none=True)
        if not self.tools:
            # Some clients send an empty list, which endpoints refuse.
            return {name: value for name, value in options.items() if name not in OF_TOOLS}
        return options

    def _refuse(self) -> None:
        for wanted, param, why in (
            (self.n not in (None, 1), "n", "One question gets one answer: n must be 1."),
            (self.logprobs or self.top_logprobs, "logprobs", "Log probabilities are not supported here."),
            (set(self.modalities or ()) - {"text"} or self.audio, "modalities", "Only text is supported here."),
            (self.functions or self.function_call, "functions", "Functions are not supported here: use tools."),
        ):
            if wanted:
                raise BadRequest(why, param=param)
