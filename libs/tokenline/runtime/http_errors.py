"""Every failure leaves as ``{"error": {"code", "message", "detail"}}`` with its status, never as a traceback."""

import math
import traceback
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from tokenline.contracts.base import to_json
from tokenline.contracts.errors import (
    BadRequest,
    ErrorInfo,
    HeadersTooLarge,
    InvalidRequest,
    MethodNotAllowed,
    NotAllowed,
    NotFound,
    NotSignedIn,
    RateLimited,
    RequestTimeout,
    TokenlineError,
    TooLarge,
    Unsupported,
    UriTooLong,
)

log = structlog.get_logger()

MAX_FIELDS = 20
_MAX_FIELD_CHARS = 100

_BY_STATUS = {
    error.status: error
    for error in (
        BadRequest,
        NotSignedIn,
        NotAllowed,
        MethodNotAllowed,
        RequestTimeout,
        TooLarge,
        UriTooLong,
        Unsupported,
        RateLimited,
        HeadersTooLarge,
    )
}


def error_response(error: ErrorInfo, status: int, headers: dict[str, str] | None = None) -> Response:
    headers = dict(headers or {})
    retry_after_s = error.detail.get("retry_after_s")
    if isinstance(retry_after_s, int | float):
        headers["Retry-After"] = str(max(1, math.ceil(retry_after_s)))
    if status == 401:
        headers.setdefault("WWW-Authenticate", "Bearer")
    return Response(to_json({"error": error}), status, headers, media_type="application/json")


def install_error_handlers(app: FastAPI) -> None:
    """Call before other middleware is added, so that it lies inside of it."""
    app.add_exception_handler(TokenlineError, _tokenline_error)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(HTTPException, _http_exception)
    app.add_middleware(UnexpectedErrors)


async def _tokenline_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, TokenlineError)  # noqa: S101 -- registered for this class only
    return error_response(error.info(), error.status)


async def _invalid_request(_request: Request, error: Exception) -> Response:
    """Says which fields and why, without repeating what was sent."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 -- registered for this class only
    fields = [_field(problem) for problem in error.errors()[:MAX_FIELDS]]
    return error_response(InvalidRequest(fields=fields).info(), InvalidRequest.status)


def _field(problem: dict[str, Any]) -> dict[str, str]:
    path = ".".join(str(part) for part in problem["loc"])
    return {"field": path[:_MAX_FIELD_CHARS], "message": str(problem["msg"])}


async def _http_exception(_request: Request, error: Exception) -> Response:
    """What the framework itself raises: no such route, wrong method, unreadable body."""
    assert isinstance(error, HTTPException)  # noqa: S101 -- registered for this class only
    if error.status_code in (204, 304):
        return Response(status_code=error.status_code, headers=error.headers)
    if error.status_code == NotFound.status:
        info = NotFound("There is nothing at this address.").info()
    else:
        kind = _BY_STATUS.get(error.status_code, BadRequest if error.status_code < 500 else TokenlineError)
        info = kind().info()
    return error_response(info, error.status_code, dict(error.headers or {}))


class CutOff(Exception):
    """In place of an error whose text must not be seen: the server logs the text of whatever reaches it."""


class UnexpectedErrors:
    """Answers 500 ``internal`` for an error nobody foresaw, and logs where it came from.

    The error's own text is not logged: it may quote what the user sent. After the answer has begun, and on sockets,
    `CutOff` goes on in its place, so that the server cuts the connection and the client does not take the beginning
    for the whole.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        started = scope["type"] == "websocket"

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except WebSocketDisconnect:
            raise
        except Exception as error:
            log.error(  # noqa: TRY400 -- `exception` would log the error's text
                "http.failed", route=_route(scope), error=type(error).__name__, stack=_stack(error)
            )
            if started:
                raise CutOff from None
            internal = TokenlineError()
            await error_response(internal.info(), internal.status)(scope, receive, send)


def _route(scope: Scope) -> str | None:
    """The pattern, not the path: paths of public interfaces hold session tokens."""
    path: str | None = getattr(scope.get("route"), "path", None)
    return path


def _stack(error: BaseException) -> str:
    return "".join(traceback.format_tb(error.__traceback__)[-6:])
