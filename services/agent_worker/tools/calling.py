"""Carries out one call of a tool: whatever goes wrong is an answer to the model, never the end of the user's."""

import asyncio
from collections.abc import Callable, Mapping

import structlog

from services.agent_worker.tools.arguments import read_arguments
from tokenline.contracts.chat import FunctionCall
from tokenline.contracts.metrics import TOOL_CALLS, TOOL_SECONDS
from tokenline.contracts.tools import ToolOutcome
from tokenline.core.ports.tool import BadArguments, Tool, ToolFailed, ToolResult
from tokenline.runtime.metrics import Metrics

log = structlog.get_logger()

UNKNOWN = "unknown"
"""As a label: a name that a model made up is no user's, but without bound."""
CUT = "\n(The rest was cut off.)"


class Caller:
    """``limit_s`` for each call; ``monotonic`` in seconds."""

    def __init__(
        self, tools: Mapping[str, Tool], metrics: Metrics, monotonic: Callable[[], float], limit_s: float
    ) -> None:
        self._tools = tools
        self._metrics = metrics
        self._monotonic = monotonic
        self._limit_s = limit_s

    async def carry_out(self, call: FunctionCall, room: int) -> tuple[str, ToolOutcome]:
        """What the model is told, in ``room`` bytes, and what people are shown. Cancelled, it cancels the tool."""
        began = self._monotonic()
        try:
            result = await self._result(call, room)
        except ToolFailed as failure:
            label = "refused" if isinstance(failure, BadArguments) else "failed"
            return f"Error: {failure}", self._outcome(call, label, str(failure), began)
        except TimeoutError:
            late = f"It took longer than {self._limit_s:g} s."
            return f"Error: {late}", self._outcome(call, "timeout", late, began)
        except Exception:
            log.exception("tool.failed", tool=call.name)
            broken = "It failed on our side."
            return f"Error: {broken}", self._outcome(call, "failed", broken, began)
        return _cut(result.content, room), self._outcome(call, "completed", result.summary, began)

    async def _result(self, call: FunctionCall, room: int) -> ToolResult:
        tool = self._tools.get(call.name)
        if tool is None:
            raise BadArguments(f"There is no tool {call.name[:64]!r}: there are {', '.join(self._tools)}.")
        arguments = read_arguments(call.arguments)
        async with asyncio.timeout(self._limit_s):
            return await tool.call(arguments, room)

    def _outcome(self, call: FunctionCall, label: str, summary: str, began: float) -> ToolOutcome:
        seconds = self._monotonic() - began
        tool = call.name if call.name in self._tools else UNKNOWN
        self._metrics.add(TOOL_CALLS, tool, label)
        self._metrics.observe(TOOL_SECONDS, seconds, tool)
        return ToolOutcome(
            status="completed" if label == "completed" else "failed",
            summary=summary[:1000],
            duration_s=round(seconds, 3),
        )


def _cut(content: str, room: int) -> str:
    encoded = content.encode("utf-8", "surrogatepass")
    if len(encoded) <= room:
        return content
    return encoded[: max(0, room - len(CUT))].decode("utf-8", "ignore") + CUT
