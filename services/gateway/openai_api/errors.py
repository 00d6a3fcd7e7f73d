"""Errors as OpenAI clients read them, on every path under ``/v1``, wherever they came from."""

from typing import Any

import msgspec
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.gateway.openai_api import limits
from tokenline.contracts.base import to_json
from tokenline.contracts.errors import (
    ErrorInfo,
    ModelRejected,
    NotFound,
    NotSignedIn,
    RateLimited,
    Retryable,
    error_class,
)

PREFIX = "/v1/"
_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
_OURS = frozenset({401, 402, 403, 404})
"""What an endpoint says to the installation and its key, not to the one who asked."""


class _House(msgspec.Struct):
    error: ErrorInfo


_decoder = msgspec.json.Decoder(_House)


def openai_error(info: ErrorInfo, status: int | None = None) -> tuple[int, dict[str, Any]]:
    """Status and body. ``status`` ``None``: what the error's code means."""
    status, message = status or error_class(info.code).status, info.message
    if info.code == ModelRejected.code and info.detail.get("status") not in _OURS:
        # The endpoint found fault with what the client sent: it is the client's to correct.
        status = 400
        if reason := info.detail.get("reason"):
            message = f"{message} {reason}"
    elif status == 422:
        status = 400
    param = info.detail.get("param")
    if fields := info.detail.get("fields"):
        param = fields[0]["field"].removeprefix("body.")
        message = "; ".join(f"{field['field'].removeprefix('body.')}: {field['message']}" for field in fields)
    kind = _TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    return status, {"error": {"message": message, "type": kind, "param": param, "code": _code(info)}}


def _code(info: ErrorInfo) -> str:
    if info.code == NotFound.code and info.detail.get("param") == "model":
        return "model_not_found"
    return "invalid_api_key" if info.code == NotSignedIn.code else info.code


def worth_repeating(info: ErrorInfo) -> bool:
    """Whether the same request may fare better; OpenAI clients repeat every 409, 429 and 5xx by themselves."""
    return issubclass(error_class(info.code), Retryable)


class OpenAIErrors:
    """ASGI middleware around all that may answer with an error. Other answers pass untouched."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(PREFIX):
            await self.app(scope, receive, _Translator(send))
        else:
            await self.app(scope, receive, send)


class _Translator:
    """The ``send`` of one request. The house's errors are one JSON body, sent whole."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] >= 400:
            self._start = message
            return
        if self._start is not None:
            start, self._start = self._start, None
            start, message = _translated(start, message)
            await self._send(start)
        await self._send(message)


def _translated(start: Message, body: Message) -> tuple[Message, Message]:
    try:
        info = _decoder.decode(body.get("body", b"")).error
    except msgspec.DecodeError:
        return start, body
    status, shown = openai_error(info, start["status"])
    encoded = to_json(shown)
    start = {**start, "status": status, "headers": list(start["headers"])}
    headers = MutableHeaders(raw=start["headers"])
    headers["content-length"] = str(len(encoded))
    if info.code == RateLimited.code:
        headers.update(limits.of_refusal(info.detail))
    return start, {**body, "body": encoded}
