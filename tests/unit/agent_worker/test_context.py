"""C8: what is sent to a model is the end of what was said, whole and in order, within the agent's budget."""

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.agent_worker.context import TURN_BYTES, affordable, recent, size_of
from tokenline.contracts.attachments import Passage
from tokenline.contracts.chat import FunctionCall
from tokenline.core.passages import render
from tokenline.core.ports.model import ChatTurn

CALL = FunctionCall(id="c1", name="weather", arguments="{}")
ROLES: dict[str, Literal["system", "user", "assistant", "tool"]] = {
    "s": "system", "u": "user", "a": "assistant", "c": "assistant", "t": "tool",
}  # fmt: skip


def turns(*said: str) -> list[ChatTurn]:
    """By the first letter of the role: ``c`` is an answer with a call, ``t`` the call's result."""
    return [ChatTurn(role=ROLES[text[0]], content=text, tool_calls=(CALL,) if text[0] == "c" else ()) for text in said]


@pytest.mark.parametrize(
    ("without", "kept"),
    [
        (0, ["s1", "u1", "a1", "u2", "c1", "t1", "t2"]),
        (1, ["s1", "a1", "u2", "c1", "t1", "t2"]),
        (2 * (TURN_BYTES + 2), ["s1", "u2", "c1", "t1", "t2"]),
        (3 * (TURN_BYTES + 2), ["s1", "c1", "t1", "t2"]),
        (1000, ["s1", "c1", "t1", "t2"]),
    ],
)
def test_instructions_stay_and_no_call_is_parted_from_its_results(without: int, kept: list[str]) -> None:
    whole = turns("s1", "u1", "a1", "u2", "c1", "t1", "t2")
    assert [turn.content for turn in recent(whole, size_of(whole) - without)] == kept


words = st.text(max_size=40)
calls = st.lists(st.builds(FunctionCall, id=words, name=words, arguments=words), min_size=1, max_size=3)


@st.composite
def exchanges(draw: st.DrawFn) -> list[list[ChatTurn]]:
    """What was said, as the groups that must stay whole. The last one is what is asked."""
    said: list[list[ChatTurn]] = []
    for kind in draw(st.lists(st.sampled_from("sauct"), max_size=12)):
        if kind != "t":
            made = draw(calls) if kind == "c" else []
            called = [ChatTurn(role=ROLES[kind], content=draw(words), tool_calls=tuple(made))]
            said.append(called + [ChatTurn(role="tool", content=draw(words), tool_call_id=call.id) for call in made])
    return [*said, [ChatTurn(role="user", content=draw(words))]]


@given(exchanges(), st.integers(min_value=-50, max_value=3000))
def test_whatever_was_said_its_end_is_sent_whole_and_within_the_budget(said: list[list[ChatTurn]], budget: int) -> None:
    kept = recent([turn for group in said for turn in group], budget)

    instructions = [group for group in said if group[0].role == "system"]
    others = [group for group in said if group[0].role != "system"]
    ends = [[turn for group in others[start:] for turn in group] for start in range(len(others))]
    sent = [turn for turn in kept if turn.role != "system"]
    # A suffix that no pair is torn from, with the last turn always, and all instructions.
    assert sent in ends
    assert [turn for turn in kept if turn.role == "system"] == [turn for group in instructions for turn in group]
    # In the order it was said in.
    order = [id(turn) for group in said for turn in group]
    assert [id(turn) for turn in kept] == sorted((id(turn) for turn in kept), key=order.index)
    # Within the budget, but for what is always sent; and no more was left out than that asked for.
    always = [*(turn for group in instructions for turn in group), *others[-1]]
    assert size_of(kept) <= max(budget, size_of(always))
    start = next(n for n, end in enumerate(ends) if end == sent)
    if start and size_of(kept) <= budget:
        assert size_of(kept) + size_of(others[start - 1]) > budget


def passage(text: str) -> Passage:
    return Passage(attachment_id="f", name="notes.txt", page=1, start=0, end=1, content=text, similarity=0.5)


@given(st.lists(st.builds(passage, words), max_size=8), st.integers(min_value=0, max_value=2000))
def test_passages_take_half_of_the_budget_at_most_the_best_first(found: list[Passage], budget: int) -> None:
    kept = affordable(found, budget)
    assert kept == tuple(found[: len(kept)])
    assert len(render(kept).encode()) <= budget / 2
    if len(kept) < len(found):
        assert len(render(found[: len(kept) + 1]).encode()) > budget // 2
