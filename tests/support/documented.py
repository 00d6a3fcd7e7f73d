"""Holds what services send against the documents they publish: a frame, a field, a status that is not in them fails.

The strict chat client gives every frame here and `System.client` every answer, so that all tests with processes check.
"""

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from unittest.mock import MagicMock

import fastjsonschema
import httpx2

from services.admin_dashboard.app import create_app as create_dashboard
from services.gateway.app import create_app as create_gateway
from tokenline.runtime.documents.asyncapi import asyncapi
from tokenline.runtime.documents.asyncapi_admin import admin_asyncapi
from tokenline.runtime.documents.parts import error_kinds

Document = dict[str, Any]
Check = Callable[[Any], Any]

_NOT_OURS = (404, 405)
"""What addresses that no document knows are answered with."""

ANYBODY = {
    "healthz",
    "readyz",
    "scrape",
    "register",
    "login",
    "refresh",
    "logout",
    "sign_in_methods",
    "exchange",
    "read_share",
    "read_linked",
}
"""Operations that need no credential in the header, and must stay the only ones."""


class Undocumented(AssertionError):
    """The documents do not know of this."""


@cache
def sockets() -> Document:
    """As a gateway serves it: the bytes are made by the same call."""
    document: Document = json.loads(json.dumps(asyncapi()))
    return document


@cache
def admin_sockets() -> Document:
    """The same of the dashboard."""
    document: Document = json.loads(json.dumps(admin_asyncapi()))
    return document


@cache
def rest() -> dict[str, "Calls"]:
    """By the title of the service."""
    apps = (create_gateway(MagicMock()), create_dashboard(MagicMock()))
    return {app.title: Calls(app.openapi()) for app in apps}


def check_frame(frame: Any, channel: str = "chat") -> None:
    """One frame of the server. ``channel``: ``chat``, ``conversation`` or ``ticket`` (the event stream); at the
    dashboard ``admin``.

    The code of an error must be in `docs/errors.md`.
    """
    if isinstance(frame, dict) and frame.get("type") == "error":
        check_code(frame["error"]["code"])
    checks = _frames(f"{channel}.tell")
    kind = frame.get("type") if isinstance(frame, dict) else None
    if kind not in checks:
        raise Undocumented(f"{channel} has no frame {kind!r}: {frame}")
    _judge(checks[kind], frame, f"{channel} {kind}")


def check_code(code: str) -> None:
    """`docs/errors.md` must have it."""
    if code not in codes():
        raise Undocumented(f"docs/errors.md has no {code!r}")


@cache
def codes() -> frozenset[str]:
    return frozenset(kind.code for kind in error_kinds())


def check_events(stream: str) -> list[dict[str, Any]]:
    """A whole event stream; its frames. The name of each event, and its cursor, must be those of its frame."""
    frames = []
    for block in stream.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if not fields:
            continue
        frame = json.loads(fields["data"])
        check_frame(frame, "ticket")
        if fields.keys() != {"id", "event", "data"} or fields["event"] != frame["type"]:
            raise Undocumented(f"no such event: {block}")
        if not re.fullmatch(r"\d+:\d+", fields["id"]):
            raise Undocumented(f"no cursor: {fields['id']}")
        frames.append(frame)
    return frames


def check_answer(response: httpx2.Response, title: str = "Tokenline") -> None:
    """One answer of a service, whose body has been read unless it is a stream."""
    rest()[title].check(response)


def checking(title: str = "Tokenline") -> Mapping[str, list[Callable[[httpx2.Response], None]]]:
    """Event hooks for a client, which then checks every answer. Bodies of event streams are left to their reader."""

    def check(response: httpx2.Response) -> None:
        if not response.headers.get("content-type", "").startswith("text/event-stream"):
            response.read()
        check_answer(response, title)

    return {"response": [check]}


class Calls:
    """The operations of one OpenAPI document."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._paths = [(_pattern(path), operations) for path, operations in document["paths"].items()]
        self._checks: dict[str, Check] = {}
        self.answered: set[str] = set()
        """Operations that succeeded at least once."""

    def operations(self) -> set[str]:
        paths = self.document["paths"].values()
        return {operation["operationId"] for operations in paths for operation in operations.values()}

    def check(self, response: httpx2.Response) -> None:
        _check_error(response)
        request = response.request
        operation = self._operation(request.method, request.url.path)
        # What a HEAD is answered with is said of its GET (RFC 9110 §9.3.2), where it is not said of itself.
        bare = request.method == "HEAD" and operation is None
        if bare:
            operation = self._operation("GET", request.url.path)
        if operation is None:
            if response.status_code not in _NOT_OURS and request.url.path.startswith(("/api/", "/v1/")):
                raise Undocumented(f"no document knows {request.method} {request.url.path}: {response.status_code}")
            return
        said = f"{request.method} {request.url.path} {response.status_code}"
        answers = operation["responses"]
        if str(response.status_code) not in answers:
            raise Undocumented(f"{said} is not documented: {response.text}")
        content = answers[str(response.status_code)].get("content", {})
        media = response.headers.get("content-type", "").partition(";")[0]
        if media not in content and (content or response.content):
            raise Undocumented(f"{said} came as {media!r}")
        if bare:
            return
        if response.is_success:
            self.answered.add(operation["operationId"])
        if media == "application/json" and content and request.method != "HEAD":
            _judge(self._schema(content[media]["schema"]), response.json(), said)

    def _operation(self, method: str, path: str) -> Document | None:
        for pattern, operations in self._paths:
            if pattern.fullmatch(path) and method.lower() in operations:
                operation: Document = operations[method.lower()]
                return operation
        return None

    def _schema(self, schema: Document) -> Check:
        key = json.dumps(schema)
        if key not in self._checks:
            self._checks[key] = _compiled(self.document, schema)
        return self._checks[key]


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile("[^/]+".join(map(re.escape, re.split(r"\{[^}]*\}", path))))


@cache
def _frames(operation: str) -> dict[str, Check]:
    document = _told_by(operation)
    channel = document["operations"][operation]["channel"]["$ref"].rpartition("/")[2]
    known = document["channels"][channel]["messages"]
    names = [message["$ref"].rpartition("/")[2] for message in document["operations"][operation]["messages"]]
    messages = document["components"]["messages"]
    return {name: _compiled(document, messages[known[name]["$ref"].rpartition("/")[2]]["payload"]) for name in names}


def _told_by(operation: str) -> Document:
    return admin_sockets() if operation.startswith("admin.") else sockets()


def _compiled(document: Document, schema: Document) -> Check:
    check: Check = fastjsonschema.compile({**schema, "components": document["components"]}, use_default=False)
    return check


def _judge(check: Check, value: Any, what: str) -> None:
    try:
        check(value)
    except fastjsonschema.JsonSchemaValueException as wrong:
        raise Undocumented(f"{what}: {wrong.message}: {json.dumps(value)[:2000]}") from None


def _check_error(response: httpx2.Response) -> None:
    """Whatever its address, an error in the house's shape has a code that is in the table."""
    if (
        response.request.method == "HEAD"
        or not response.is_error
        or not response.headers.get("content-type", "").startswith("application/json")
    ):
        return
    error = response.json().get("error")
    # Where there is a `type` it is OpenAI's shape.
    if isinstance(error, dict) and "type" not in error:
        check_code(error["code"])
