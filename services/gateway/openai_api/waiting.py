"""Answers that somebody waits for: when they hang up, the work for them ends."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from typing import Any

from fastapi.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send


class WaitedFor(Response):
    """``work`` makes the answer. A handler would not hear of it when its client hangs up; this listens."""

    def __init__(self, work: Callable[[], Coroutine[Any, Any, Response]]) -> None:
        super().__init__()
        self._work = work

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with asyncio.TaskGroup() as group:
            working = group.create_task(self._work(), name="completion.work")
            gone = group.create_task(_gone(receive), name="completion.gone")
            await asyncio.wait((working, gone), return_when=asyncio.FIRST_COMPLETED)
            working.cancel()
            gone.cancel()
        if not working.cancelled():
            await working.result()(scope, receive, send)


class Events(StreamingResponse):
    """Server-sent events; closes ``events`` at once when the client hangs up, even amid sending."""

    def __init__(self, events: AsyncGenerator[bytes], headers: dict[str, str]) -> None:
        own = {"cache-control": "no-store", "x-accel-buffering": "no"}
        super().__init__(events, media_type="text/event-stream", headers=headers | own)
        self._events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(self._events):
            await super().__call__(scope, receive, send)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
