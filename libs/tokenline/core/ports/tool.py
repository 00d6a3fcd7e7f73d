"""Something a model may call while it writes an answer, carried out on our side."""

from typing import Any, Protocol

from tokenline.contracts.base import Shape


class ToolResult(Shape):
    content: str
    """For the model."""
    summary: str
    """For people, in a few words: ``4 passages``."""


class ToolFailed(Exception):
    """It could not be done. The sentence is for the model and for people."""


class BadArguments(ToolFailed):
    """The model has to call it differently."""


class Tool(Protocol):
    """One for each answer: it may know whose it is, and remember earlier calls."""

    @property
    def name(self) -> str: ...

    @property
    def description(self) -> str:
        """For the model: what it does, and when to call it."""
        ...

    @property
    def parameters(self) -> dict[str, Any]:
        """JSON Schema of the arguments, an object."""
        ...

    async def call(self, arguments: dict[str, Any], room: int) -> ToolResult:
        """``room``: bytes that the content should take at most; what is beyond is cut off.

        To be cancelled at any moment. Raises `ToolFailed`, `BadArguments`.
        """
        ...
