"""Tasks that an adapter starts on its own: each has a name and an owner, and none dies unnoticed."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

log = structlog.get_logger()


class OwnedTasks:
    """Holds strong references; bounded by whoever spawns."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def spawn(self, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def end(self, *tasks: asyncio.Task[Any]) -> None:
        """Cancel these, or all when none are named, and wait for them, also for those they start in ending.

        The caller's own task is left out.
        """
        while ending := (self._tasks & set(tasks) if tasks else self._tasks) - {asyncio.current_task()}:
            for task in ending:
                task.cancel()
            await asyncio.wait(ending)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("task.died", task=task.get_name(), exc_info=error)
