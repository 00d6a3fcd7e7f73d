"""Every failure in one shape, and nothing of ours or the user's in it."""

import traceback
from collections.abc import AsyncIterator
from typing import Annotated

import httpx2
import pytest
import structlog
from fastapi import FastAPI, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict

from tokenline.contracts.errors import BrokerUnavailable, NotFound, QueueFull, RateLimited
from tokenline.runtime.http_errors import CutOff, install_error_handlers


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    count: int


def _app() -> FastAPI:
    app = FastAPI()
    install_error_handlers(app)

    @app.get("/missing")
    async def missing() -> None:
        raise NotFound(id="x")

    @app.get("/full")
    async def full() -> None:
        raise QueueFull("Full.", retry_after_s=12.2)

    @app.get("/limited")
    async def limited() -> None:
        raise RateLimited("Slow down.", retry_after_s=0.2)

    @app.get("/broker")
    async def broker() -> None:
        raise BrokerUnavailable

    @app.get("/sessions/{token}/boom")
    async def boom(token: str) -> None:
        raise ValueError(f"secret words {token}")

    @app.get("/half")
    async def half() -> StreamingResponse:
        async def text() -> AsyncIterator[bytes]:
            yield b"the beginning"
            raise ValueError("secret words")

        return StreamingResponse(text())

    @app.post("/body")
    async def body(body: Body, limit: Annotated[int, Query(le=5)] = 1) -> dict[str, int]:
        return {"count": body.count + limit}

    return app


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app=_app())
    async with httpx2.AsyncClient(transport=transport, base_url="http://tokenline") as client:
        yield client


async def test_our_errors_keep_code_message_detail_and_status(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/missing")
    assert answer.status_code == 404
    assert answer.json() == {
        "error": {"code": "not_found", "message": "There is nothing here under this id.", "detail": {"id": "x"}}
    }
    assert (await client.get("/broker")).status_code == 503


@pytest.mark.parametrize(("path", "seconds"), [("/full", "13"), ("/limited", "1")])
async def test_waiting_times_are_in_the_header_too(client: httpx2.AsyncClient, path: str, seconds: str) -> None:
    assert (await client.get(path)).headers["retry-after"] == seconds


async def test_unknown_paths_and_methods(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/nowhere")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
    answer = await client.delete("/missing")
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET"


async def test_wrong_fields_are_named_and_not_repeated(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/body?limit=9", json={"count": "hunter2", "more": "hunter2"})
    assert answer.status_code == 422
    error = answer.json()["error"]
    assert error["code"] == "invalid_request"
    fields = {problem["field"] for problem in error["detail"]["fields"]}
    assert fields == {"query.limit", "body.name", "body.count", "body.more"}
    assert "hunter2" not in answer.text


@pytest.mark.parametrize("body", [b"{", b"", b"[]", b'"text"', b"\xff\xfe"])
async def test_what_is_no_json_object(client: httpx2.AsyncClient, body: bytes) -> None:
    answer = await client.post("/body", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.json()["error"]["code"] in ("bad_request", "invalid_request")


async def test_many_wrong_fields_make_a_short_answer(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/body", json={"x" * 500 + str(number): 1 for number in range(1000)})
    assert len(answer.json()["error"]["detail"]["fields"]) == 20
    assert len(answer.text) < 5000


async def test_the_unforeseen_is_logged_without_its_text_and_answered_without_its_trace(
    client: httpx2.AsyncClient,
) -> None:
    with structlog.testing.capture_logs() as logs:
        answer = await client.get("/sessions/very-secret/boom")
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "internal"
    assert set(answer.json()["error"]) == {"code", "message", "detail"}
    assert "Traceback" not in answer.text
    [entry] = logs
    assert (entry["event"], entry["error"], entry["route"]) == (
        "http.failed",
        "ValueError",
        "/sessions/{token}/boom",
    )
    assert "in boom" in entry["stack"]
    assert "very-secret" not in str(entry)


async def test_an_answer_that_has_begun_is_cut_off(client: httpx2.AsyncClient) -> None:
    with structlog.testing.capture_logs() as logs, pytest.raises(CutOff) as cut:
        await client.get("/half")
    assert logs[0]["event"] == "http.failed"
    # The server logs whatever reaches it.
    assert "secret words" not in "".join(traceback.format_exception(cut.value))
