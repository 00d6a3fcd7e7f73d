"""What the unmodified ``openai`` package gets: tools, usage, sampling, errors; whole and streamed, sync and async."""

import json
from typing import Any

import httpx2
import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolParam

from tests.support.system import System

WEATHER: ChatCompletionToolParam = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a place.",
        "parameters": {"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]},
    },
}
ARGUMENTS = '{"place": "Zürich, near the lake"}'
TWO_CALLS = {
    "say": "Let me look.",
    "calls": [
        {"id": "call_a", "name": "weather", "arguments": ARGUMENTS},
        {"id": "call_b", "name": "weather", "arguments": '{"place": "Bern"}', "index": 1},
    ],
}


def asking(script: dict[str, Any]) -> list[ChatCompletionMessageParam]:
    return [{"role": "system", "content": "Be exact."}, {"role": "user", "content": json.dumps(script)}]


def test_tools_go_to_the_model_and_its_calls_and_their_results_come_back(house: System, client: OpenAI) -> None:
    messages = asking(TWO_CALLS)
    first = client.chat.completions.create(
        model="assistant", messages=messages, tools=[WEATHER], tool_choice="auto", parallel_tool_calls=True
    ).choices[0]
    asked = house.model_asked()
    assert (asked["tools"], asked["tool_choice"], asked["parallel_tool_calls"]) == ([WEATHER], "auto", True)
    assert (first.finish_reason, first.message.content) == ("tool_calls", "Let me look.")
    assert first.message.tool_calls is not None
    called = [(call.id, call.type, call.function.name, call.function.arguments) for call in _functions(first.message)]
    assert called == [
        ("call_a", "function", "weather", ARGUMENTS),
        ("call_b", "function", "weather", '{"place": "Bern"}'),
    ]
    # As the examples do it: what came back is sent back.
    messages.append(first.message.to_dict())  # type: ignore[arg-type]
    messages.append({"role": "tool", "tool_call_id": "call_a", "content": "rain"})
    messages.append({"role": "tool", "tool_call_id": "call_b", "content": "sun"})
    second = client.chat.completions.create(model="assistant", messages=messages, tools=[WEATHER]).choices[0]
    assert (second.finish_reason, second.message.content) == ("stop", "The tool said sun")
    assert second.message.tool_calls is None
    *_, question, calls, rain, sun = house.model_asked()["messages"]
    assert question["role"] == "user"
    assert [call["function"]["arguments"] for call in calls["tool_calls"]] == [ARGUMENTS, '{"place": "Bern"}']
    assert (rain["tool_call_id"], rain["content"], sun["tool_call_id"]) == ("call_a", "rain", "call_b")


def _functions(message: Any) -> Any:
    return message.tool_calls or []


async def test_streamed_calls_come_in_fragments_under_their_index(async_client: AsyncOpenAI) -> None:
    calls: dict[int, dict[str, str]] = {}
    fragments, text, reasons = 0, "", []
    stream = await async_client.chat.completions.create(
        model="assistant", messages=asking(TWO_CALLS | {"per_second": 40}), tools=[WEATHER], stream=True
    )
    async for chunk in stream:
        [choice] = chunk.choices
        text += choice.delta.content or ""
        reasons += [choice.finish_reason] if choice.finish_reason else []
        for part in choice.delta.tool_calls or ():
            assert part.function is not None
            if part.id:
                calls[part.index] = {"id": part.id, "name": part.function.name or "", "arguments": ""}
            calls[part.index]["arguments"] += part.function.arguments or ""
            fragments += 1
    assert (text, reasons) == ("Let me look.", ["tool_calls"])
    assert calls == {
        0: {"id": "call_a", "name": "weather", "arguments": ARGUMENTS},
        1: {"id": "call_b", "name": "weather", "arguments": '{"place": "Bern"}'},
    }
    # As they come, not all at once at the end.
    assert fragments > 4


async def test_the_packages_own_helper_puts_a_stream_of_calls_together(async_client: AsyncOpenAI) -> None:
    async with async_client.chat.completions.stream(
        model="assistant", messages=asking(TWO_CALLS), tools=[WEATHER]
    ) as stream:
        async for _ in stream:
            pass
        [choice] = (await stream.get_final_completion()).choices
    assert [call.function.arguments for call in _functions(choice.message)] == [ARGUMENTS, '{"place": "Bern"}']


def test_calls_of_a_broken_attempt_are_not_in_the_answer(house: System, client: OpenAI) -> None:
    script = TWO_CALLS | {"then": "cut", "faults": 1, "first_ms": 1}
    raw = client.chat.completions.with_raw_response.create(model="assistant", messages=asking(script), tools=[WEATHER])
    most, left = (int(raw.headers[f"x-ratelimit-{name}-requests"]) for name in ("limit", "remaining"))
    assert 0 < left < most
    assert raw.headers["x-ratelimit-reset-requests"].endswith("s")
    ticket = house_ticket(house, client, raw.headers["x-tokenline-ticket"])
    assert ticket["attempt"] == 2
    [choice] = raw.parse().choices
    assert [call.id for call in _functions(choice.message)] == ["call_a", "call_b"]
    assert [call.function.arguments for call in _functions(choice.message)] == [ARGUMENTS, '{"place": "Bern"}']
    assert [call["id"] for call in ticket["answer"]["tool_calls"]] == ["call_a", "call_b"]


def test_a_stream_that_showed_calls_of_a_broken_attempt_ends_in_an_error(client: OpenAI) -> None:
    script = TWO_CALLS | {"then": "cut", "faults": 1, "first_ms": 2}
    with (
        client.chat.completions.create(model="assistant", messages=asking(script), stream=True) as stream,
        pytest.raises(openai.APIError) as raised,
    ):
        list(stream)
    assert raised.value.code == "restarted"


def house_ticket(house: System, client: OpenAI, ticket_id: str) -> dict[str, Any]:
    answer = httpx2.get(
        f"{house.url()}/api/v1/chat/tickets/{ticket_id}", headers={"authorization": f"Bearer {client.api_key}"}
    )
    ticket: dict[str, Any] = answer.json()
    return ticket


def test_sampling_is_the_clients_within_what_the_agent_allows(house: System, client: OpenAI) -> None:
    chosen: dict[str, Any] = {
        "temperature": 0.9,
        "top_p": 0.3,
        "stop": ["END"],
        "seed": 7,
        "presence_penalty": 0.1,
        "frequency_penalty": -0.1,
        "response_format": {"type": "json_object"},
    }
    answer = client.chat.completions.create(
        model="assistant", messages=asking({"tokens": 2, "finish": "length"}), max_tokens=9000, user="ada", **chosen
    )
    assert answer.choices[0].finish_reason == "length"
    asked = house.model_asked()
    assert {name: asked[name] for name in chosen} == chosen
    assert asked["max_tokens"] == 500, "the agent's limit"
    assert "user" not in asked
    client.chat.completions.create(model="assistant", messages=asking({"tokens": 1}), max_completion_tokens=20, n=1)
    asked = house.model_asked()
    assert (asked["max_completion_tokens"], asked["temperature"]) == (20, 0.5), "where it says nothing: the agent's"
    assert "max_tokens" not in asked


def test_usage_comes_last_and_without_choices(client: OpenAI) -> None:
    chunks = list(
        client.chat.completions.create(
            model="assistant",
            messages=asking({"tokens": 5}),
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    assert [chunk.usage for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert (chunks[-1].usage.completion_tokens, chunks[-1].usage.total_tokens) == (5, 12)
    whole = client.chat.completions.create(model="assistant", messages=asking({"tokens": 5}))
    assert whole.usage is not None
    assert whole.usage.prompt_tokens == 7
    assert whole.choices[0].message.content == "w0 w1 w2 w3 w4 "


def test_models_one_by_one_and_all(client: OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["assistant", "seeing", "looking", "alone", "unserved"]
    assert client.models.retrieve("alone").object == "model"
    with pytest.raises(openai.NotFoundError) as raised:
        client.models.retrieve("gpt-7")
    assert raised.value.code == "model_not_found"


@pytest.mark.parametrize(
    ("request_", "param"),
    [
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": "  "}]}, None),
        ({"messages": [{"role": "robot", "content": "x"}]}, "messages.0.role"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "messages[0]"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].tool_call_id"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,"}}]}]},
            "messages[0].content[0].image_url.url",
        ),
        ({"n": 2}, "n"),
        ({"logprobs": True}, "logprobs"),
        ({"temperature": 9}, "temperature"),
        ({"functions": [{"name": "f"}]}, "functions"),
        ({"tools": [{"type": "custom", "custom": {"name": "f"}}]}, "tools.0.type"),
    ],
)
def test_what_cannot_be_served_is_refused_in_words(client: OpenAI, request_: dict[str, Any], param: str | None) -> None:
    body = {"model": "assistant", "messages": [{"role": "user", "content": "Hello"}]} | request_
    with pytest.raises(openai.BadRequestError) as raised:
        client.post("/chat/completions", body=body, cast_to=httpx2.Response)
    assert raised.value.type == "invalid_request_error"
    assert raised.value.param == param
    assert len(raised.value.message) > 20


def test_every_error_has_openais_shape(house: System, client: OpenAI) -> None:
    with OpenAI(base_url=f"{house.url()}/v1", api_key="tl_nothing", max_retries=0) as stranger:
        with pytest.raises(openai.AuthenticationError) as unknown:
            stranger.models.list()
        assert unknown.value.code == "invalid_api_key"
    with pytest.raises(openai.NotFoundError) as no_model:
        client.chat.completions.create(model="gpt-7", messages=[{"role": "user", "content": "Hello"}])
    assert (no_model.value.code, no_model.value.param) == ("model_not_found", "model")
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(model="assistant", messages=asking({"status": 400}))
    assert refused.value.code == "model_rejected"
    assert "as scripted" in refused.value.message
    with pytest.raises(openai.APIError) as mid_stream:
        list(client.chat.completions.create(model="assistant", messages=asking({"status": 422}), stream=True))
    assert (mid_stream.value.code, mid_stream.value.type) == ("model_rejected", "invalid_request_error")

    headers = {"authorization": f"Bearer {client.api_key}"}
    raw = [
        httpx2.get(f"{house.url()}/v1/models"),
        httpx2.post(f"{house.url()}/v1/embeddings", headers=headers, json={}),
        httpx2.get(f"{house.url()}/v1/files", headers=headers),
        httpx2.post(f"{house.url()}/v1/chat/completions", headers=headers, content=b"{no json"),
        httpx2.post(f"{house.url()}/v1/chat/completions", headers=headers, content=b" " * (9 << 20)),
    ]
    assert [answer.status_code for answer in raw] == [401, 404, 404, 400, 413]
    for answer in raw:
        assert answer.headers["content-type"] == "application/json"
        assert answer.json()["error"].keys() == {"message", "type", "param", "code"}
