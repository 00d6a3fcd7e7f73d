"""The OpenAPI documents have all of REST in them, in the house's words."""

from typing import Any
from unittest.mock import MagicMock

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.openapi.models import OpenAPI

from services.admin_dashboard.app import create_app as create_dashboard
from services.gateway.app import create_app as create_gateway
from tests.support.documented import ANYBODY, Undocumented, check_answer
from tests.unit.documents.test_asyncapi import references, resolved
from tokenline.runtime.documents.openapi import described_routes, openapi

ERROR = {"code": "not_found", "message": "There is nothing here under this id.", "detail": {}}


@pytest.fixture(params=[create_gateway, create_dashboard], ids=["gateway", "dashboard"])
def app(request: pytest.FixtureRequest) -> FastAPI:
    made: FastAPI = request.param(MagicMock())
    return made


def operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for methods in document["paths"].values() for operation in methods.values()]


def test_it_is_openapi_and_every_reference_leads_somewhere(app):
    document = app.openapi()
    OpenAPI.model_validate(document)
    for reference in references(document):
        resolved(document, reference)


def test_every_route_is_in_it_with_what_it_answers(app):
    document = app.openapi()
    assert len(operations(document)) == len(list(described_routes(app)))
    for operation in operations(document):
        [(status, answer), *_] = operation["responses"].items()
        assert status.startswith("2")
        assert answer.get("content", {}).get("application/json") != {"schema": {}}, operation["operationId"]


def test_every_operation_has_a_name_of_its_own_and_a_summary(app):
    found = operations(app.openapi())
    names = [operation["operationId"] for operation in found]
    assert len(set(names)) == len(names)
    for operation in found:
        assert operation["summary"] != operation["operationId"].replace("_", " ").title(), "say what it is for"


def test_errors_have_the_shape_of_the_house(app):
    document = app.openapi()
    assert not {"HTTPValidationError", "ValidationError"} & document["components"]["schemas"].keys()
    for operation in operations(document):
        for status, answer in operation["responses"].items():
            if status[0] in "45" and operation["operationId"] != "readyz" and operation["tags"] != ["openai"]:
                assert "ErrorAnswer" in str(answer["content"]["application/json"]["schema"])
                assert answer["description"].startswith("`")


def test_whoever_must_sign_in_is_told_so(app):
    for operation in operations(app.openapi()):
        signed_in = operation.get("security") == [{"bearer": []}]
        assert signed_in == (operation["operationId"] not in ANYBODY)
        if signed_in:
            assert "401" in operation["responses"]


def test_a_route_that_does_not_say_what_it_answers_is_noticed(app):
    @app.get("/api/v1/later")
    async def later() -> None: ...

    with pytest.raises(LookupError, match="GET /api/v1/later does not say"):
        openapi(app, "")


def answered(method: str, path: str, status: int, body: object = None) -> httpx2.Response:
    request = httpx2.Request(method, f"http://test{path}")
    return (
        httpx2.Response(status, request=request)
        if body is None
        else httpx2.Response(status, request=request, json=body)
    )


def test_the_checker_takes_what_is_in_it():
    check_answer(answered("GET", "/api/v1/attachments/1", 404, {"error": ERROR}))
    check_answer(answered("DELETE", "/api/v1/attachments/1", 204))
    check_answer(answered("GET", "/api/v1/nowhere", 404, {"error": ERROR}))


@pytest.mark.parametrize(
    "response",
    [
        answered("GET", "/api/v1/attachments/1", 404, {"error": ERROR | {"trace": ""}}),
        answered("GET", "/api/v1/attachments/1", 404, {"error": ERROR | {"code": "in_no_table"}}),
        answered("GET", "/api/v1/attachments/1", 418, {"error": ERROR}),
        answered("GET", "/api/v1/agents", 200, {"items": [{"id": "a"}], "next": None}),
        answered("DELETE", "/api/v1/attachments/1", 204, {}),
        answered("GET", "/api/v1/nowhere", 200, {}),
    ],
    ids=["field", "code", "status", "missing", "body", "route"],
)
def test_the_checker_refuses_what_is_not_in_it(response):
    with pytest.raises(Undocumented):
        check_answer(response)
