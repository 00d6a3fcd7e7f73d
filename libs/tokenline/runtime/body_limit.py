"""Refuses request bodies that are too large, by their declared length and by counting what arrives (B9)."""

import asyncio
import re

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tokenline.contracts.base import Shape
from tokenline.contracts.errors import TooLarge
from tokenline.runtime.http_errors import error_response

JSON_BYTES = 64 * 1024
MESSAGE_BYTES = 256 * 1024
DISCARD_S = 1.0
"""After the answer, what the client still sends is read and dropped for so long: closing at once would reset the
connection and could destroy the answer before the client reads it."""


class Allowance(Shape):
    """Another limit for some paths."""

    path: str
    """A regular expression for the whole path."""
    max_bytes: int | None
    """``None``: the route counts for itself."""
    multipart: bool = False
    """Only for multipart bodies; others on the same path keep the common limit."""


class BodyLimit:
    """ASGI middleware; answers 413 ``too_large``. The first allowance that fits decides."""

    def __init__(self, app: ASGIApp, max_bytes: int = JSON_BYTES, allowances: tuple[Allowance, ...] = ()) -> None:
        self.app = app
        self.max_bytes = max_bytes
        self._allowances = tuple((re.compile(allowance.path), allowance) for allowance in allowances)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        limit = self._limit(scope["path"], headers.get("content-type", ""))
        if limit is None:
            await self.app(scope, receive, send)
            return
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length) > limit:
            await _refuse(limit, scope, receive, send)
            return
        await _Counted(self.app, limit)(scope, receive, send)

    def _limit(self, path: str, content_type: str) -> int | None:
        is_multipart = content_type.lower().lstrip().startswith("multipart/")
        for pattern, allowance in self._allowances:
            if pattern.fullmatch(path) and (is_multipart or not allowance.multipart):
                return allowance.max_bytes
        return self.max_bytes


class _Overflow(Exception):
    """Ends the app's reading."""


class _Counted:
    """One request whose length is not known beforehand. Once it overflows, nothing more of the app gets out."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit
        self._seen = 0
        self._started = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def counted() -> Message:
            message = await receive()
            if message["type"] == "http.request":
                self._seen += len(message.get("body", b""))
                if self._seen > self._limit:
                    raise _Overflow
            return message

        async def guarded(message: Message) -> None:
            if self._overflowed and not self._started:
                return
            self._started = True
            await send(message)

        try:
            await self._app(scope, counted, guarded)
        except _Overflow:
            if self._started:
                raise
        if self._overflowed and not self._started:
            await _refuse(self._limit, scope, receive, send)

    @property
    def _overflowed(self) -> bool:
        return self._seen > self._limit


async def _refuse(limit: int, scope: Scope, receive: Receive, send: Send) -> None:
    error = TooLarge(f"The request is larger than {limit} bytes.", max_bytes=limit)

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
