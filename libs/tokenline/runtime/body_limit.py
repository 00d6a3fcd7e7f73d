"""Refuses request bodies that are too slow, or too large: by declared length and by counting what arrives (B9)."""

import asyncio
import re

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tokenline.contracts.base import Shape
from tokenline.contracts.errors import NotSignedIn, RequestTimeout, TokenlineError, TooLarge
from tokenline.runtime.http_errors import error_response

JSON_BYTES = 64 * 1024
MESSAGE_BYTES = 256 * 1024
IDLE_S = 10.0
"""Between two pieces of a body."""
GRACE_S = 30.0
BYTES_PER_S = 1024
"""On average, after the grace."""
CREDENTIALS = ("authorization", "x-session-token")
DISCARD_S = 1.0
"""After the answer, what the client still sends is read and dropped for so long: closing at once would reset the
connection and could destroy the answer before the client reads it."""


class Allowance(Shape):
    """Another limit for some paths."""

    path: str
    """A regular expression for the whole path."""
    max_bytes: int | None
    """``None``: without limit."""
    multipart: bool = False
    """Only for multipart bodies; others on the same path keep the common limit."""


class BodyLimit:
    """ASGI middleware; answers 413 ``too_large``. The first allowance that fits decides.

    A body that stops coming for `IDLE_S`, or comes in drops, is answered 408. Whoever shows no credential may send no
    more than ``max_bytes`` anywhere, and is answered 401 beyond: it would be read before they are looked at.
    """

    def __init__(self, app: ASGIApp, max_bytes: int = JSON_BYTES, allowances: tuple[Allowance, ...] = ()) -> None:
        self.app = app
        self.max_bytes = max_bytes
        self._allowances = tuple((re.compile(allowance.path), allowance) for allowance in allowances)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        length = headers.get("content-length", "")
        if length in ("", "0") and "transfer-encoding" not in headers:
            await self.app(scope, receive, send)
            return
        limit = self._limit(scope["path"], headers.get("content-type", ""))
        beyond: TokenlineError = TooLarge(f"The request is larger than {limit} bytes.", max_bytes=limit)
        if not any(name in headers for name in CREDENTIALS) and (limit is None or limit > self.max_bytes):
            limit, beyond = self.max_bytes, NotSignedIn()
        if limit is not None and length.isdecimal() and int(length) > limit:
            await _refuse(beyond, scope, receive, send)
            return
        await _Counted(self.app, limit, beyond)(scope, receive, send)

    def _limit(self, path: str, content_type: str) -> int | None:
        is_multipart = content_type.lower().lstrip().startswith("multipart/")
        for pattern, allowance in self._allowances:
            if pattern.fullmatch(path) and (is_multipart or not allowance.multipart):
                return allowance.max_bytes
        return self.max_bytes


class _Stop(Exception):
    """Ends the app's reading."""


class _Counted:
    """One request with a body. Once it is ``beyond`` its ``limit``, or late, nothing more of the app gets out."""

    def __init__(self, app: ASGIApp, limit: int | None, beyond: TokenlineError) -> None:
        self._app = app
        self._limit = limit
        self._beyond = beyond
        self._seen = 0
        self._whole = False
        self._started = False
        self._refusal: TokenlineError | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = asyncio.get_running_loop().time()

        async def counted() -> Message:
            if self._whole:
                return await receive()
            try:
                async with asyncio.timeout_at(self._due(began)):
                    message = await receive()
            except TimeoutError:
                self._refusal = RequestTimeout()
                raise _Stop from None
            if message["type"] == "http.request":
                self._whole = not message.get("more_body", False)
                self._seen += len(message.get("body", b""))
                if self._limit is not None and self._seen > self._limit:
                    self._refusal = self._beyond
                    raise _Stop
            return message

        async def guarded(message: Message) -> None:
            if self._refusal is not None and not self._started:
                return
            self._started = True
            await send(message)

        try:
            await self._app(scope, counted, guarded)
        except _Stop:
            if self._started:
                raise
        if self._refusal is not None and not self._started:
            await _refuse(self._refusal, scope, receive, send)

    def _due(self, began: float) -> float:
        """By when more of it must be here: soon, and with what came so far at `BYTES_PER_S` on average."""
        return min(asyncio.get_running_loop().time() + IDLE_S, began + GRACE_S + self._seen / BYTES_PER_S)


async def _refuse(error: TokenlineError, scope: Scope, receive: Receive, send: Send) -> None:
    async def held_open(message: Message) -> None:
        if message["type"] != "http.response.body":
            await send(message)
            return
        await send({**message, "more_body": True})
        await _discard(receive)
        await send({"type": "http.response.body", "body": b""})

    await error_response(error.info(), error.status, {"Connection": "close"})(scope, receive, held_open)


async def _discard(receive: Receive) -> None:
    try:
        async with asyncio.timeout(DISCARD_S):
            while (message := await receive())["type"] == "http.request" and message.get("more_body", False):
                pass
    except TimeoutError:
        return
