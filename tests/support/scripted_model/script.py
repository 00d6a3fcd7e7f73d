"""What the scripted model is told to do, request by request."""

from enum import StrEnum
from typing import Any

import msgspec


class Then(StrEnum):
    """What happens after the last token."""

    FINISH = "finish"
    UNFINISHED = "unfinished"
    """The body ends in good order, without finish reason and ``[DONE]``."""
    STALL = "stall"
    """Nothing more comes, the connection stays open."""
    KEEP_ALIVE = "keep_alive"
    """Comments for ever, every 20 ms."""
    CUT = "cut"
    """The connection is reset."""
    MALFORMED = "malformed"
    """A chunk that is no JSON."""
    ERROR = "error"
    """An error object in place of a chunk."""


class Call(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A tool call, streamed as its id and name, and then its arguments, some characters a token."""

    id: str | None = "call_1"
    name: str
    arguments: str = "{}"
    index: int | None = 0

    def deltas(self) -> list[dict[str, Any]]:
        named: dict[str, Any] = {"id": self.id, "type": "function", "function": {"name": self.name, "arguments": ""}}
        further: list[dict[str, Any]] = [
            {"function": {"arguments": self.arguments[start : start + 8]}} for start in range(0, len(self.arguments), 8)
        ]
        return [delta if self.index is None else delta | {"index": self.index} for delta in (named, *further)]


class Script(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Given as JSON, as the last user message or as the model's name; any other message or name gives the default."""

    tokens: int = 20
    per_second: float = 0
    """0: all at once."""
    first_ms: float = 0
    then: Then = Then.FINISH
    status: int = 200
    """Anything else is answered at once, with ``retry_after`` as its header."""
    retry_after: str | None = None
    faults: int | None = None
    """So many requests with this very script get ``status`` and ``then``; later ones are answered in full."""
    say: str | None = None
    """The answer, a token a word; ``None``: as many numbered words as ``tokens``."""
    pad: int = 0
    """So many dots are added to each token."""
    times: bool = False
    """The answer's words are the instants at which they were due, in µs of the monotonic clock, 16 digits each."""
    calls: tuple[Call, ...] = ()
    """Tools that are called after the text."""
    steps: tuple["Script", ...] = ()
    """What is said and called next, each time that results of the calls are there; beyond: what they say."""
    finish: str | None = None
    """The reason; ``None``: ``stop``, or ``tool_calls`` where there are some."""
    role_only: bool = False
    """The first chunk comes at once and has no text, as some servers do it."""

    def faultless(self) -> "Script":
        return msgspec.structs.replace(self, status=200, then=Then.FINISH)

    def words(self) -> list[str]:
        """The tokens of the answer, but for ``times``."""
        if self.say is not None:
            words = self.say.split(" ")
            return [words[0], *(f" {word}" for word in words[1:])]
        return [f"w{index} {'.' * self.pad}" for index in range(self.tokens)]

    def reason(self) -> str:
        return self.finish or ("tool_calls" if self.calls else "stop")

    def text(self) -> str:
        """The whole answer."""
        return "".join(self.words())


class Request(msgspec.Struct):
    """The fields of a chat completion request that matter here."""

    model: str
    messages: list[dict[str, Any]]
    stream: bool = False
    stream_options: dict[str, Any] | None = None

    def last_user_text(self) -> str:
        texts = [m.get("content") for m in self.messages if m.get("role") == "user"]
        return texts[-1] if texts and isinstance(texts[-1], str) else ""

    def wants_usage(self) -> bool:
        return bool((self.stream_options or {}).get("include_usage"))

    def script(self, default: Script) -> Script:
        """Results of tools are answered with what comes next, else with what they say."""
        script = self._script(default)
        if self.messages and self.messages[-1].get("role") == "tool":
            if (taken := self._steps()) <= len(script.steps):
                return script.steps[taken - 1]
            return Script(say=f"The tool said {self.messages[-1].get('content')}")
        return script

    def _steps(self) -> int:
        """How often something was called since the user last said something."""
        roles = [message.get("role") for message in self.messages]
        since = len(roles) - 1 - roles[::-1].index("user") if "user" in roles else 0
        return sum(bool(message.get("tool_calls")) for message in self.messages[since:])

    def _script(self, default: Script) -> Script:
        for text in (self.last_user_text(), self.model):
            if text.startswith("{"):
                return msgspec.json.decode(text, type=Script)
        return default
