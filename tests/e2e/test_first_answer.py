"""One question through the whole product: asked over REST, a socket, SSE and the OpenAI package."""

import asyncio
import json
from typing import Any

import httpx2
import pytest
from openai import OpenAI
from websockets.asyncio.client import connect
from websockets.typing import Origin

from tests.support.system import System


@pytest.fixture
def running(system: System) -> System:
    system.model()
    system.worker()
    system.gateway()
    return system


def test_rest_waits_for_the_answer(running: System) -> None:
    with running.client() as client:
        answer = client.post("/api/v1/chat/messages", json={"content": "Hello there", "wait": True})
        assert answer.status_code == 200, answer.text
        ticket = answer.json()["ticket"]
        assert ticket["state"] == "complete"
        assert ticket["attempt"] == 1
        assert ticket["answer"]["content"]
        assert ticket["answer"]["tokens_used"] > 0
        # The answer stands in the conversation, after the question.
        page = client.get(f"/api/v1/chat/conversations/{ticket['conversation_id']}/messages").json()
        assert [m["role"] for m in page["items"]] == ["user", "assistant"]
        assert page["items"][1]["content"] == ticket["answer"]["content"]
        assert client.get(f"/api/v1/chat/tickets/{ticket['id']}").json()["answer"] == ticket["answer"]


async def test_socket_streams_every_state_and_the_whole_text(running: System) -> None:
    token = running.sign_in("ada@example.org")["access_token"]
    async with connect(running.socket_url(), origin=Origin(running.url())) as socket:
        await socket.send(json.dumps({"type": "auth", "token": token}))
        await socket.send(json.dumps({"type": "send", "client_message_id": "m1", "content": "Hello there"}))
        frames: list[dict[str, Any]] = []
        async with asyncio.timeout(20):
            while not frames or frames[-1]["type"] not in ("complete", "error", "cancelled"):
                frames.append(json.loads(await socket.recv()))
    kinds = [frame["type"] for frame in frames if frame["type"] not in ("conversation", "position")]
    assert kinds[:2] == ["ready", "accepted"]
    assert "processing" in kinds
    assert "restarted" not in kinds
    assert kinds[-1] == "complete"
    deltas = [frame for frame in frames if frame["type"] == "delta"]
    assert len(deltas) > 3
    text = ""
    for delta in deltas:
        assert delta["offset"] == len(text)
        text += delta["text"]
    assert len(text) == frames[-1]["length"]
    with running.client() as client:
        ticket = client.get(f"/api/v1/chat/tickets/{deltas[0]['ticket_id']}").json()
    assert ticket["answer"]["content"] == text


def test_sse_ends_with_the_terminal_event(running: System) -> None:
    with running.client() as client:
        ticket = client.post("/api/v1/chat/messages", json={"content": "Hello"}).json()["ticket"]
        with client.stream("GET", f"/api/v1/chat/tickets/{ticket['id']}/stream") as stream:
            body = "".join(stream.iter_text())
    events = [block for block in body.split("\n\n") if block.startswith("id:")]
    assert "event: complete" in events[-1]


def test_openai_package_streams_through_the_queue(running: System) -> None:
    with running.client() as client:
        key = client.post("/api/v1/api-keys", json={"name": "program"}).json()["key"]
    with OpenAI(base_url=f"{running.url()}/v1", api_key=key, max_retries=0) as openai:
        assert [model.id for model in openai.models.list()] == ["assistant"]
        chunks = list(
            openai.chat.completions.create(
                model="assistant",
                messages=[{"role": "user", "content": "Hello there"}],
                stream=True,
                stream_options={"include_usage": True},
            )
        )
        streamed = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
        assert len(streamed) > 10
        assert chunks[-1].usage is not None
        assert chunks[-1].usage.completion_tokens > 0
        raw = openai.chat.completions.with_raw_response.create(
            model="assistant", messages=[{"role": "user", "content": "Hello there"}]
        )
        assert raw.headers["x-tokenline-ticket"]
        assert raw.headers["x-tokenline-position"].isdigit()
        assert raw.parse().choices[0].message.content == streamed


def test_bad_input_gets_a_stable_code_and_stores_nothing(running: System) -> None:
    with running.client() as client, running.client("eve@example.org") as eve:
        empty = client.post("/api/v1/chat/messages", json={"content": "  "})
        assert (empty.status_code, empty.json()["error"]["code"]) == (400, "bad_request")
        huge = client.post("/api/v1/chat/messages", json={"content": "x" * 200_000})
        assert (huge.status_code, huge.json()["error"]["code"]) == (413, "too_large")
        assert client.get("/api/v1/chat/conversations").json()["items"] == []
        own = client.post("/api/v1/chat/conversations", json={"title": "Mine"}).json()
        for path in (own["id"], "00000000-0000-7000-8000-000000000000"):
            foreign = eve.get(f"/api/v1/chat/conversations/{path}")
            assert (foreign.status_code, foreign.json()["error"]["code"]) == (404, "not_found")
        assert httpx2.get(f"{running.url()}/api/v1/me").status_code == 401
