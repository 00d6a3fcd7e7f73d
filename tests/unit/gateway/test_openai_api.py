"""Chunks, errors and hanging up as OpenAI clients meet them."""

import json
from types import SimpleNamespace
from typing import Any, cast

import pytest

from services.gateway.deps import Deps
from services.gateway.live import Cursor, LiveTicket
from services.gateway.openai_api import completion as completions
from services.gateway.openai_api.chunks import Chunks
from services.gateway.openai_api.completion import Completion, _news
from services.gateway.openai_api.errors import OpenAIErrors, openai_error
from tests.unit.test_core_ledger import entry
from tests.unit.test_core_ticket import ticket
from tokenline.contracts.errors import ErrorInfo
from tokenline.contracts.replies import CallPiece
from tokenline.contracts.tickets import TicketState
from tokenline.runtime.auth.principal import Principal
from tokenline.runtime.http_errors import error_response

AWKWARD = 'quotes " and \\ and\nlines\r\n, \0, ü and 😀'


def test_text_is_told_as_it_is() -> None:
    live = LiveTicket(entry(1, TicketState.STREAMING, attempt=1))
    live.grow(1, 0, AWKWARD)
    [_, frame] = list(_news(live, Cursor()))
    assert isinstance(frame, str)
    chunks = Chunks(ticket(), "assistant", usage=True)
    told = chunks.text(frame)
    assert told.startswith(b"data: ")
    assert told.count(b"\n") == 2, "one event"
    chunk = json.loads(told[6:])
    assert chunk["choices"] == [
        {"index": 0, "delta": {"content": AWKWARD}, "logprobs": None, "finish_reason": None},
    ]
    assert chunk["usage"] is None
    assert "usage" not in json.loads(Chunks(ticket(), "assistant", usage=False).text(frame)[6:])


def test_calls_come_before_the_end_and_begin_with_their_name() -> None:
    chunks = Chunks(ticket(), "assistant", usage=False)
    told = [*chunks.call(CallPiece(0, "a", "f", "{")), *chunks.call(CallPiece(0, "", "", "}"))]
    deltas = [json.loads(event[6:])["choices"][0]["delta"]["tool_calls"] for event in told]
    assert deltas == [
        [{"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": ""}}],
        [{"index": 0, "function": {"arguments": "{"}}],
        [{"index": 0, "function": {"arguments": "}"}}],
    ]


@pytest.mark.parametrize(
    ("info", "status", "told"),
    [
        (ErrorInfo(code="queue_timeout", message="m"), 504, ("server_error", "queue_timeout", "m")),
        (ErrorInfo(code="incomplete", message="m"), 502, ("server_error", "incomplete", "m")),
        (
            ErrorInfo(code="model_rejected", message="m", detail={"status": 400, "reason": "too long"}),
            400,
            ("invalid_request_error", "model_rejected", "m too long"),
        ),
        (
            ErrorInfo(code="model_rejected", message="the installation's key", detail={"status": 401}),
            502,
            ("server_error", "model_rejected", "the installation's key"),
        ),
        (ErrorInfo(code="of_another_version", message="m"), 500, ("server_error", "of_another_version", "m")),
    ],
)
def test_how_a_ticket_ended_has_a_status(info: ErrorInfo, status: int, told: tuple[str, str, str]) -> None:
    code, body = openai_error(info)
    error = body["error"]
    assert (code, (error["type"], error["code"], error["message"])) == (status, told)


async def _answered(path: str, status: int, info: ErrorInfo) -> list[Any]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    app = OpenAIErrors(error_response(info, status))
    await app({"type": "http", "path": path}, cast(Any, None), send)
    return sent


async def test_errors_are_translated_under_v1_and_nowhere_else() -> None:
    limited = ErrorInfo(code="rate_limited", message="Slow down.", detail={"retry_after_s": 3})
    start, body = await _answered("/v1/models", 429, limited)
    error = {"message": "Slow down.", "type": "rate_limit_error", "param": None, "code": "rate_limited"}
    assert json.loads(body["body"]) == {"error": error}
    headers = dict(start["headers"])
    assert headers[b"retry-after"] == b"3"
    assert headers[b"content-length"] == b"%d" % len(body["body"])
    _, elsewhere = await _answered("/api/v1/me", 429, limited)
    assert json.loads(elsewhere["body"])["error"].keys() == {"code", "message", "detail"}


@pytest.mark.parametrize(
    ("named", "followers", "gateways", "stopped"),
    [
        (False, 1, ("here",), True),
        (True, 0, ("here",), True),
        (True, 1, ("here",), False),
        (True, 0, ("here", "there"), False),
    ],
)
async def test_who_hangs_up_stops_the_ticket_unless_they_named_it_and_came_back(
    monkeypatch: pytest.MonkeyPatch, named: bool, followers: int, gateways: tuple[str, ...], stopped: bool
) -> None:
    monkeypatch.setattr(completions, "COMES_BACK_S", 0)
    stops: list[str] = []

    async def stop(_: object, ticket_id: str) -> None:
        stops.append(ticket_id)

    async def get_ticket(_: str) -> object:
        return SimpleNamespace(reply_to=gateways)

    deps = SimpleNamespace(
        tickets=SimpleNamespace(stop=stop),
        streams=SimpleNamespace(live={"t1": SimpleNamespace(followers={*range(followers)})}),
        store=SimpleNamespace(get_ticket=get_ticket),
        settings=SimpleNamespace(gateway_id="here"),
    )
    left = Completion(cast(Deps, deps), cast(Principal, None), ticket(id="t1"), "assistant", named=named)
    await left._stop()
    assert stops == (["t1"] if stopped else [])
