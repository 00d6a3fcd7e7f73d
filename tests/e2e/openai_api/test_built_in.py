"""X1, A3: an agent's own tools run on our side, clients of OpenAI's API get one answer, and their tools stay theirs."""

import json
from typing import Any

from openai import OpenAI
from openai.types.chat import ChatCompletionToolParam

CLOCK: dict[str, Any] = {"name": "current_time", "arguments": '{"timezone": "Asia/Tokyo"}'}
ANSWER = "Let me look.\n\nIt is late."
LOOKS = json.dumps({"say": "Let me look.", "calls": [CLOCK], "steps": [{"say": "It is late."}]})
WEATHER: ChatCompletionToolParam = {"type": "function", "function": {"name": "weather"}}


def test_text_before_and_after_a_tool_is_one_answer(client: OpenAI) -> None:
    whole = client.chat.completions.create(model="looking", messages=[{"role": "user", "content": LOOKS}])
    [choice] = whole.choices
    assert (choice.message.content, choice.message.tool_calls, choice.finish_reason) == (ANSWER, None, "stop")
    # The scripted model counts 7 tokens for every prompt.
    assert whole.usage is not None
    assert whole.usage.prompt_tokens == 14
    with client.chat.completions.create(
        model="looking", messages=[{"role": "user", "content": LOOKS}], stream=True
    ) as stream:
        deltas = [chunk.choices[0].delta for chunk in stream if chunk.choices]
    assert "".join(delta.content or "" for delta in deltas) == ANSWER
    assert not any(delta.tool_calls for delta in deltas)


def test_a_clients_own_tool_ends_the_answer_and_is_the_clients_to_carry_out(client: OpenAI) -> None:
    calls = [CLOCK, {"name": "weather", "arguments": '{"place": "Rome"}', "id": "call_w", "index": 1}]
    asked = json.dumps({"tokens": 0, "calls": [CLOCK], "steps": [{"tokens": 0, "calls": calls}]})
    whole = client.chat.completions.create(
        model="looking", messages=[{"role": "user", "content": asked}], tools=[WEATHER]
    )
    [choice] = whole.choices
    assert choice.finish_reason == "tool_calls"
    assert [call.id for call in choice.message.tool_calls or ()] == ["call_w"]
