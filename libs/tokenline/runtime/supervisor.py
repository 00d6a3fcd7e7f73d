"""Owns a process's long-lived tasks: each has a name, and none dies unnoticed."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import structlog

from tokenline.contracts.errors import TokenlineError

log = structlog.get_logger()

T = TypeVar("T")

RETRY_S = 1.0


class _Trouble:
    """Logs what keeps a task from its work: once per change, not once per second; our own errors without traceback."""

    def __init__(self, task: str) -> None:
        self._task = task
        self._noted: str | None = None

    def note(self, error: Exception) -> None:
        if repr(error) == self._noted:
            return
        self._noted = repr(error)
        if isinstance(error, TokenlineError):
            log.warning("task.failed", task=self._task, problem=error.message)
        else:
            log.error("task.failed", task=self._task, exc_info=error)

    def over(self) -> None:
        self._noted = None


class Supervisor:
    """``async with`` it: leaving cancels every task and waits for all of them."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def spawn(self, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run once; an exception is logged with the task's name."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def to_the_end(self, name: str, work: Coroutine[Any, Any, T]) -> T:
        """Run it to its end even if the caller is cancelled; then nobody hears how it went."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(task)

    def forever(self, name: str, work: Callable[[], Awaitable[None]], *, every_s: float = 0.0) -> asyncio.Task[None]:
        """Run again and again, ``every_s`` apart; after an exception once more in `RETRY_S`."""
        return self.spawn(name, self._repeat(name, work, every_s))

    def until_done(self, name: str, work: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
        """Run until it ends without an exception; after one, again in `RETRY_S`."""
        return self.spawn(name, self._retry(name, work))

    async def _retry(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        trouble = _Trouble(name)
        while True:
            try:
                await work()
            except Exception as error:
                trouble.note(error)
                await asyncio.sleep(RETRY_S)
            else:
                return

    async def _repeat(self, name: str, work: Callable[[], Awaitable[None]], every_s: float) -> None:
        trouble = _Trouble(name)
        while True:
            try:
                await work()
            except Exception as error:
                trouble.note(error)
                await asyncio.sleep(RETRY_S)
            else:
                trouble.over()
                await asyncio.sleep(every_s)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("task.died", task=task.get_name(), exc_info=error)

    async def __aenter__(self) -> "Supervisor":
        return self

    async def __aexit__(self, *exc: object) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
