"""A3: the steps of one answer: whose calls they are, what the model is asked next, and that it comes to an end."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.agent_worker.context import size_of
from services.agent_worker.tools.current_time import CurrentTime
from services.agent_worker.tools.steps import CALLS_AT_ONCE, MIN_ROOM, STOPPED, TOO_MANY, Steps
from tests.support.drafts import a_conversation, a_ticket
from tokenline.contracts.agents import Agent
from tokenline.contracts.base import to_json
from tokenline.contracts.chat import FunctionCall
from tokenline.contracts.replies import ToolCall
from tokenline.contracts.tools import CURRENT_TIME, ToolOutcome
from tokenline.core.clock import ManualClock
from tokenline.core.ports.model import ChatTurn, ModelCall, ModelRequest
from tokenline.core.sources import Sources

CLOCK = ManualClock()
TICKET = replace(a_ticket(CLOCK, a_conversation(CLOCK)), attempt=2)
AGENT = Agent(id="a", name="A", model="m", tools=(CURRENT_TIME,), tool_steps=3)
TURNS = (ChatTurn(role="system", content="Be brief."), ChatTurn(role="user", content="When?"))
DONE = ToolOutcome(status="completed", summary="12:00", duration_s=0.5)
THEIRS = {"type": "function", "function": {"name": "theirs"}}


class Played:
    """Steps whose tool says ``said``."""

    def __init__(
        self, agent: Agent = AGENT, said: str = "noon", turns: Sequence[ChatTurn] = TURNS, **extra: Any
    ) -> None:
        self.sent: list[ToolCall] = []
        self.called: list[tuple[FunctionCall, int]] = []
        self._said = said
        request = ModelRequest(model="m", turns=tuple(turns), extra=extra)
        self.steps = Steps(
            agent, TICKET, request, [CurrentTime(lambda: 0)], Sources(), self._carry_out, self.sent.append
        )

    async def _carry_out(self, call: FunctionCall, room: int) -> tuple[str, ToolOutcome]:
        self.called.append((call, room))
        return self._said[:room], DONE

    def offered(self, request: ModelRequest) -> list[str]:
        return [tool["function"]["name"] for tool in request.extra.get("tools", ())]

    def calls(self, *names: str, ids: Sequence[str] = (), arguments: str = "{}") -> list[ModelCall | None]:
        """What is handed on of these calls, each in two parts."""
        parts = []
        for index, name in enumerate(names):
            call_id = ids[index] if ids else f"id{index}"
            parts.append(ModelCall(index=index, id=call_id, name=name, arguments=arguments[:1]))
            parts.append(ModelCall(index=index, id="", name="", arguments=arguments[1:]))
        return [self.steps.take(part) for part in parts]


async def test_a_call_its_result_and_the_next_question_for_the_model() -> None:
    played = Played()
    first = played.steps.request()
    assert (first.turns, played.offered(first)) == (TURNS, [CURRENT_TIME])
    assert played.steps.say("Let me look.") == "Let me look."
    assert played.calls(CURRENT_TIME) == [None, None]
    assert await played.steps.carry_out()
    second = played.steps.request()
    call = FunctionCall(id="id0", name=CURRENT_TIME, arguments="{}")
    assert second.turns == (
        *TURNS,
        ChatTurn(role="assistant", content="Let me look.", tool_calls=(call,)),
        ChatTurn(role="tool", content="noon", tool_call_id="id0"),
    )
    assert [(one.attempt, one.index, one.status, one.detail.summary) for one in played.sent] == [
        (2, 0, "started", None),
        (2, 1, "completed", "12:00"),
    ]
    assert played.steps.told == played.sent
    assert played.steps.say("It is noon.") == "\n\nIt is noon."
    assert played.steps.say(" Really.") == " Really."
    assert not await played.steps.carry_out()
    assert [(one.id, one.name, one.arguments, one.outcome) for one in played.steps.calls] == [
        ("id0", CURRENT_TIME, "{}", DONE)
    ]


async def test_the_last_step_has_no_tools_and_calls_in_it_are_not_made() -> None:
    played = Played(tool_choice="auto")
    for _ in range(AGENT.tool_steps - 1):
        assert played.offered(played.steps.request()) == [CURRENT_TIME]
        played.calls(CURRENT_TIME)
        assert await played.steps.carry_out()
    last = played.steps.request()
    assert last.extra == {}
    assert played.calls(CURRENT_TIME) == [None, None]
    assert not await played.steps.carry_out()
    assert len(played.called) == AGENT.tool_steps - 1


async def test_what_a_client_brought_along_is_its_own_and_ends_the_answer() -> None:
    ours = {"type": "function", "function": {"name": CURRENT_TIME, "description": "the client's"}}
    played = Played(tools=[THEIRS])
    assert played.offered(played.steps.request()) == ["theirs", CURRENT_TIME]
    handed = [part for part in played.calls(CURRENT_TIME, "theirs", "theirs") if part is not None]
    assert [part.index for part in handed] == [0, 0, 1, 1]
    assert played.steps.handed_on
    assert not await played.steps.carry_out()
    assert played.called == []
    clash = Played(tools=[ours])
    request = clash.steps.request()
    assert request.extra["tools"] == [ours]
    assert [part is None for part in clash.calls(CURRENT_TIME)] == [False, False]


async def test_a_choice_that_a_client_forced_holds_for_the_first_step_only() -> None:
    forced = {"type": "function", "function": {"name": CURRENT_TIME}}
    for choice, after in ((forced, None), ("required", None), ("none", "none"), ("auto", "auto")):
        played = Played(tools=[THEIRS], tool_choice=choice)
        assert played.steps.request().extra["tool_choice"] == choice
        assert played.steps.request().extra.get("tool_choice") == after
        last = played.steps.request()
        assert (played.offered(last), last.extra.get("tool_choice")) == (["theirs"], after)


async def test_every_call_has_an_id_of_its_own_whatever_the_endpoint_gives() -> None:
    played = Played()
    for ids in (("", ""), ("a", "a")):
        played.steps.request()
        played.calls(CURRENT_TIME, CURRENT_TIME, ids=ids)
        await played.steps.carry_out()
    own = [one.id for one in played.steps.calls]
    assert len(set(own)) == 4
    turns = played.steps.request().turns
    assert [turn.tool_call_id for turn in turns if turn.role == "tool"] == own
    assert [call.id for turn in turns for call in turn.tool_calls] == own


@pytest.mark.parametrize("written", ["{", "[]", '"x"', "", " ", '{"a": "\ud83d"}', "x" * 5000])
async def test_no_endpoint_is_sent_arguments_that_are_no_object(written: str) -> None:
    played = Played()
    played.steps.request()
    played.calls(CURRENT_TIME, arguments=written)
    await played.steps.carry_out()
    turns = played.steps.request().turns
    [sent] = [call.arguments for turn in turns for call in turn.tool_calls]
    assert isinstance(msgspec.json.decode(sent), dict)
    assert to_json(turns)
    assert to_json(played.steps.calls)
    assert len(played.steps.calls[0].arguments) <= 1000


async def test_many_calls_at_once_are_answered_and_only_some_are_made() -> None:
    played = Played()
    played.steps.request()
    played.calls(*[CURRENT_TIME] * (CALLS_AT_ONCE + 2))
    assert await played.steps.carry_out()
    results = [turn.content for turn in played.steps.request().turns if turn.role == "tool"]
    assert results == ["noon"] * CALLS_AT_ONCE + [TOO_MANY] * 2
    assert len(played.steps.calls) == CALLS_AT_ONCE


async def test_what_was_under_way_when_it_was_stopped_says_so() -> None:
    played = Played()

    async def stopped(_: FunctionCall, __: int) -> tuple[str, ToolOutcome]:
        raise TimeoutError

    played.steps._call = stopped
    played.steps.request()
    played.calls(CURRENT_TIME)
    with pytest.raises(TimeoutError):
        await played.steps.carry_out()
    [call] = played.steps.calls
    assert call.outcome is not None
    assert (call.outcome.status, call.outcome.summary) == ("failed", STOPPED)


@given(
    results=st.lists(st.integers(1, 4), max_size=4),
    history=st.lists(st.integers(0, 3000), max_size=6),
    length=st.integers(0, 40_000),
    tokens=st.integers(500, 4000),
)
async def test_results_take_room_from_history_and_never_more_than_there_is(
    results: list[int], history: list[int], length: int, tokens: int
) -> None:
    """C8: within the budget, question and instructions always there, no call without its result."""
    before = [ChatTurn(role="assistant" if i % 2 else "user", content="h" * n) for i, n in enumerate(history)]
    agent = replace(AGENT, context_tokens=tokens, tool_steps=6)
    played = Played(agent, said="r" * length, turns=[TURNS[0], *before, TURNS[1]])
    for calls in results:
        played.steps.request()
        played.calls(*[CURRENT_TIME] * calls)
        await played.steps.carry_out()
    request = played.steps.request()
    # What every result may have at least goes beyond small budgets, and so does the question with its tools.
    beyond = 0 if tokens >= 2500 and len(played.called) <= 3 else 700 + len(played.called) * (MIN_ROOM + 150)
    assert size_of(request.turns) + len(to_json(request.extra)) <= 4 * tokens + beyond
    assert request.turns[0] == TURNS[0]
    assert TURNS[1] in request.turns
    called = [call.id for turn in request.turns for call in turn.tool_calls]
    assert called == [turn.tool_call_id for turn in request.turns if turn.role == "tool"]
    assert len(called) == sum(results)


async def test_a_long_result_leaves_room_for_those_after_it() -> None:
    played = Played(replace(AGENT, context_tokens=4000), said="r" * 40_000)
    played.steps.request()
    played.calls(*[CURRENT_TIME] * 3)
    await played.steps.carry_out()
    rooms = [room for _, room in played.called]
    assert rooms == sorted(rooms, reverse=True)
    assert rooms[-1] > 2 * MIN_ROOM
