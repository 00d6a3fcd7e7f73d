"""The offline model over real HTTP, asked by the clients it will meet."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator

import httpx2
import openai
import pytest

from deploy.local.ports import free_port
from tokenline.adapters.model_openai import OpenAIModel
from tokenline.contracts.attachments import Passage
from tokenline.core.passages import render
from tokenline.core.ports.model import ChatTurn, ModelEnd, ModelRequest, ModelText, Picture
from tokenline.offline_model.app import paced

SYSTEM = render(
    [
        Passage(
            attachment_id="f",
            name="plan.md",
            page=None,
            start=0,
            end=1,
            content="The bridge opens in May 2027. It is 310 metres long.",
            similarity=1.0,
        )
    ]
)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The program itself, streaming as fast as it can."""
    port = free_port()
    command = [sys.executable, "-m", "tokenline.offline_model", "--port", str(port), "--tokens-per-second", "0"]
    with subprocess.Popen(command, env={"PATH": os.environ["PATH"]}) as process:
        _wait_until_ready(f"http://127.0.0.1:{port}/readyz", process)
        yield f"http://127.0.0.1:{port}"
        process.terminate()
        assert process.wait(10) in (0, -15)


def _wait_until_ready(address: str, process: subprocess.Popen[bytes]) -> None:
    with httpx2.Client(transport=httpx2.HTTPTransport(retries=0)) as client:
        while process.poll() is None:
            try:
                if client.get(address).status_code == 200:
                    return
            except httpx2.ConnectError:
                continue
    raise AssertionError("the offline model did not start")


async def test_it_says_that_it_cannot_see_the_pictures_it_is_shown(url):
    """Their names, which stand before them, are no words of the question."""
    model = OpenAIModel(f"{url}/v1", "offline")
    # Eight of them, as large as they are sent to any model: together more than the text of any question.
    shown = tuple(Picture(name=f"bridge{number}.png", jpeg=bytes(700_000), tokens=1) for number in range(8))
    asked = ChatTurn(role="user", content="How tall is the tower?", pictures=shown)
    async with model.stream(ModelRequest(model="offline", turns=(asked,))) as stream:
        said = "".join([event.text async for event in stream if isinstance(event, ModelText)])
    await model.close()
    assert "I cannot see pictures. Nobody looked at “bridge0.png”, “bridge1.png”" in said
    assert "You asked" not in said


async def test_tokenlines_own_adapter_gets_quotes_and_usage(url):
    model = OpenAIModel(f"{url}/v1", "offline")
    turns = (ChatTurn(role="system", content=SYSTEM), ChatTurn(role="user", content="When does the bridge open?"))
    async with model.stream(ModelRequest(model="offline", turns=turns)) as stream:
        events = [event async for event in stream]
    await model.close()
    text = "".join(event.text for event in events if isinstance(event, ModelText))
    assert text.startswith("“The bridge opens in May 2027.” [1] (plan.md)")
    end = events[-1]
    assert isinstance(end, ModelEnd)
    assert end.finish_reason == "stop"
    assert end.usage is not None
    assert end.usage.completion_tokens > 0


async def test_the_official_client_understands_whole_answers_limits_and_models(url):
    async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="x", max_retries=0) as client:
        assert [model.id for model in (await client.models.list()).data] == ["offline"]
        answer = await client.chat.completions.create(
            model="offline",
            messages=[{"role": "user", "content": [{"type": "text", "text": "What is love?"}]}],
            max_tokens=4,
        )
        with pytest.raises(openai.BadRequestError):
            await client.chat.completions.create(model="offline", messages=[])
    assert answer.choices[0].finish_reason == "length"
    assert answer.choices[0].message.content == "I am Tokenline's offline"
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 4


async def test_the_official_client_understands_the_stream(url):
    async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="x", max_retries=0) as client:
        stream = await client.chat.completions.create(
            model="offline", messages=[{"role": "user", "content": "hello"}], stream=True
        )
        chunks = [chunk async for chunk in stream]
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks).startswith("Hello!")
    assert chunks[-1].choices[0].finish_reason == "stop"


async def test_it_takes_tools_and_their_results_and_answers_in_words(url):
    async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="x", max_retries=0) as client:
        answer = await client.chat.completions.create(
            model="offline",
            messages=[
                {"role": "user", "content": "hello"},
                {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
                },
                {"role": "tool", "tool_call_id": "a", "content": "42"},
            ],
            tools=[{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}],
            tool_choice="required",
            response_format={"type": "json_object"},
        )
    [choice] = answer.choices
    assert (choice.finish_reason, choice.message.tool_calls) == ("stop", None)
    assert (choice.message.content or "").startswith("Hello!")


async def test_it_is_well_and_refuses_nonsense(url):
    async with httpx2.AsyncClient(base_url=url) as client:
        assert (await client.get("/healthz")).json() == {"status": "ok"}
        bad = await client.post("/v1/chat/completions", content=b"{nonsense")
        large = await client.post("/v1/chat/completions", content=b" " * (33 << 20))
        turn = await client.post("/v1/chat/completions", json={"messages": [{"role": "wizard", "content": "x"}]})
    assert [bad.status_code, large.status_code, turn.status_code] == [400, 413, 400]
    assert bad.json()["error"]["type"] == "invalid_request_error"


async def test_the_pace_is_kept():
    start = asyncio.get_running_loop().time()
    assert [piece async for piece in paced(["a"] * 11, 200.0)] == ["a"] * 11
    assert asyncio.get_running_loop().time() - start >= 0.05
