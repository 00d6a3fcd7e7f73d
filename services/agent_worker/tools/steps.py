"""One answer in steps: the model is asked, its calls are carried out, and it is asked again with what came of them.

Built-in tools are ours to carry out. What a client of OpenAI's API brought along is the client's: a call of such a
tool ends the answer, as without built-in ones, and calls of ours beside it are left. Where both have the same name it
is the client's. What neither knows is refused to the model.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Literal

from msgspec.structs import replace

from services.agent_worker.context import BYTES_PER_TOKEN, recent, size_of
from services.agent_worker.tools.arguments import read_arguments
from tokenline.contracts.agents import Agent
from tokenline.contracts.base import to_json
from tokenline.contracts.chat import AnswerCall, FunctionCall
from tokenline.contracts.replies import ToolCall
from tokenline.contracts.tickets import Ticket
from tokenline.contracts.tools import SHOWN_CHARACTERS, ToolDetail, ToolOutcome
from tokenline.core.ports.model import ChatTurn, ModelCall, ModelRequest
from tokenline.core.ports.tool import BadArguments, Tool
from tokenline.core.sources import Sources

CALLS_AT_ONCE = 8
"""Of one step. Of those beyond, the model is told that they were not made."""
TOO_MANY = f"Error: Not called: at most {CALLS_AT_ONCE} calls at once."
OF_TOOLS = ("tools", "tool_choice", "parallel_tool_calls")
STOPPED = "It was stopped."
NAME_CHARACTERS = 64

MIN_ROOM = 600
"""Bytes that a result may always have: a time, or a sentence."""

Send = Callable[[ToolCall], None]
CarryOut = Callable[[FunctionCall, int], Awaitable[tuple[str, ToolOutcome]]]
"""`Caller.carry_out`."""
Status = Literal["started", "completed", "failed"]


class Steps:
    """``send`` is told when a call begins and when it is over. ``sources``: what was given, also by tools."""

    def __init__(
        self,
        agent: Agent,
        ticket: Ticket,
        request: ModelRequest,
        tools: Sequence[Tool],
        sources: Sources,
        call: CarryOut,
        send: Send,
    ) -> None:
        self.told: list[ToolCall] = []
        """All that ``send`` was told, for a gateway that comes later."""
        self.sources = sources
        self.taken = 0
        """How often the model was asked."""
        self._agent = agent
        self._ticket = ticket
        self._base = request
        self._theirs = _names(request.extra)
        self._tools = [tool for tool in tools if tool.name not in self._theirs]
        self._call = call
        self._send = send
        self._added: list[ChatTurn] = []
        self._ids: set[str] = set()
        self._done: list[AnswerCall] = []
        self._running: AnswerCall | None = None
        self._spoken = ""
        """The end of what was said before this step."""
        self._said: list[str] = []
        self._parts: dict[int, FunctionCall] = {}
        self._handed: dict[int, int] = {}

    @property
    def handed_on(self) -> bool:
        """Whether this step has calls for the one who asked."""
        return bool(self._handed)

    @property
    def calls(self) -> tuple[AnswerCall, ...]:
        """Those that were made. One that was broken off is among them."""
        if self._running is None:
            return tuple(self._done)
        stopped = ToolOutcome(status="failed", summary=STOPPED, duration_s=0)
        return (*self._done, replace(self._running, outcome=stopped))

    @property
    def _is_last(self) -> bool:
        return self.taken >= self._agent.tool_steps

    # ── what the model is asked ──────────────────────────────────────────────────────────────────────────────────────

    def request(self) -> ModelRequest:
        """The next one; what was said before the question gives way to results of tools."""
        self.taken += 1
        self._spoken = "".join(self._said).rstrip(" ") or self._spoken
        self._said, self._parts, self._handed = [], {}, {}
        extra = self._extra()
        turns = (*recent(self._base.turns, self._budget(extra)), *self._added)
        return replace(self._base, turns=turns, extra=extra)

    def _extra(self) -> dict[str, Any]:
        extra = dict(self._base.extra)
        tools = [*(extra.get("tools") or ()), *([] if self._is_last else map(_offered, self._tools))]
        if not tools:
            return {name: value for name, value in extra.items() if name not in OF_TOOLS}
        if self.taken > 1 and extra.get("tool_choice") not in (None, "none", "auto"):
            # What the client wanted to be called first would be called for ever.
            del extra["tool_choice"]
        return extra | {"tools": tools}

    def _budget(self, extra: dict[str, Any]) -> int:
        """Bytes for all that is not of these steps."""
        return self._agent.context_tokens * BYTES_PER_TOKEN - len(to_json(extra)) - size_of(self._added)

    def _room(self) -> int:
        """For the next result: half of what the instructions, the question and earlier results leave."""
        return max(MIN_ROOM, (self._budget(self._extra()) - size_of(recent(self._base.turns, 0))) // 2)

    # ── what the model says ──────────────────────────────────────────────────────────────────────────────────────────

    def say(self, text: str) -> str:
        """As it is to be written: what comes after a call is a paragraph of its own."""
        apart = not self._said and self._spoken and not self._spoken.endswith("\n") and not text.startswith("\n")
        self._said.append(text)
        return f"\n\n{text}" if apart else text

    def take(self, part: ModelCall) -> ModelCall | None:
        """``None``: it is ours. Else it goes on to the one who asked, with its number among those that do."""
        known = self._parts.get(part.index)
        if known is None and part.index not in self._handed and part.name in self._theirs:
            self._handed[part.index] = len(self._handed)
        if part.index in self._handed:
            return replace(part, index=self._handed[part.index])
        so_far = known or FunctionCall(id=part.id, name=part.name, arguments="")
        self._parts[part.index] = replace(so_far, arguments=so_far.arguments + part.arguments)
        return None

    # ── what is done about it ────────────────────────────────────────────────────────────────────────────────────────

    async def carry_out(self) -> bool:
        """Whatever this step called; False: nothing, so the answer is over. Cancelled, it cancels the tool."""
        if self._is_last or self._handed or not self._parts:
            return False
        wanted = [self._named(self._parts[index]) for index in sorted(self._parts)]
        self._added.append(
            ChatTurn(role="assistant", content="".join(self._said), tool_calls=tuple(map(_well_formed, wanted)))
        )
        for number, call in enumerate(wanted):
            content = TOO_MANY if number >= CALLS_AT_ONCE else await self._one(call)
            self._added.append(ChatTurn(role="tool", content=content, tool_call_id=call.id))
        return True

    def _named(self, call: FunctionCall) -> FunctionCall:
        """With an id of its own: some endpoints give none, and some give the same ones in every step."""
        call_id = _unicode(call.id)
        if not call_id or call_id in self._ids:
            call_id = f"call_{self._ticket.answer_id}_s{len(self._ids)}"
        self._ids.add(call_id)
        return replace(call, id=call_id, name=_unicode(call.name), arguments=_unicode(call.arguments))

    async def _one(self, call: FunctionCall) -> str:
        shown = AnswerCall(id=call.id, name=call.name[:NAME_CHARACTERS], arguments=call.arguments[:SHOWN_CHARACTERS])
        self._running = shown
        self._tell(shown, "started", ToolDetail(arguments=shown.arguments))
        content, outcome = await self._call(call, self._room())
        self._running = None
        self._done.append(replace(shown, outcome=outcome))
        detail = ToolDetail(arguments=shown.arguments, summary=outcome.summary, duration_s=outcome.duration_s)
        self._tell(shown, outcome.status, detail)
        return content

    def _tell(self, call: AnswerCall, status: Status, detail: ToolDetail) -> None:
        reply = ToolCall(self._ticket.id, self._ticket.attempt, len(self.told), call.id, call.name, status, detail)
        self.told.append(reply)
        self._send(reply)


def _names(extra: dict[str, Any]) -> frozenset[str]:
    """Of the tools that the one who asked brought along."""
    return frozenset(tool["function"]["name"] for tool in extra.get("tools") or ())


def _unicode(text: str) -> str:
    """Without halves of surrogate pairs, which JSON can bring and nothing can store."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _offered(tool: Tool) -> dict[str, Any]:
    function = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return {"type": "function", "function": function}


def _well_formed(call: FunctionCall) -> FunctionCall:
    """Endpoints refuse a history with arguments that are no object; what was wrong stands in the result."""
    try:
        read_arguments(call.arguments)
    except BadArguments:
        return replace(call, arguments="{}")
    return call if call.arguments.strip() else replace(call, arguments="{}")
