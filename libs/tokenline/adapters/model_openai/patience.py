"""A deadline that moves with every sign of life."""

import asyncio
from collections.abc import Awaitable
from math import inf
from types import TracebackType
from typing import Self, TypeVar, cast

T = TypeVar("T")

_LOOK_AGAIN_S = 0.1


class Patience:
    """A context in which `wait` gives up at the deadline, on the loop's clock.

    `asyncio.timeout` sets and cancels a timer for each wait: 7 µs a token, a tenth of the whole path. Here a timer
    that fires looks whether the deadline has moved on meanwhile. To be used by the task that makes it.
    """

    def __init__(self, due: float, last: float = inf) -> None:
        """``last``: it does not move beyond."""
        self._loop = asyncio.get_running_loop()
        self._due = due
        self._last = last
        # Looked up once: in Python 3.11 that is a Python function and a system call.
        self._task = cast(asyncio.Task[object], asyncio.current_task())
        self._waiting = False
        self._expired = False

    def __enter__(self) -> Self:
        self._set_timer(self._due)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()

    def give(self, seconds: float) -> None:
        """Move the deadline to so long from now."""
        due = self._loop.time() + seconds
        self._due = due if due < self._last else self._last
        if due < self._timer_at:
            self._timer.cancel()
            self._set_timer(self._due)

    async def wait(self, awaited: Awaitable[T]) -> T:
        """Raises TimeoutError when the deadline passes first. Cancelling it from outside is as usual."""
        before = self._task.cancelling()
        self._waiting = True
        try:
            result = await awaited
        except asyncio.CancelledError:
            if self._expired and self._task.uncancel() <= before:
                raise TimeoutError from None
            raise
        finally:
            self._waiting = False
        if self._expired:  # it came all the same, in the instant of its cancellation
            self._expired = False
            self._task.uncancel()
        return result

    def _set_timer(self, at: float) -> None:
        self._timer_at = at
        self._timer = self._loop.call_at(at, self._look)

    def _look(self) -> None:
        now = self._loop.time()
        if now < self._due:
            self._set_timer(self._due)
        elif not self._waiting:  # busy with what came; it will wait again
            self._set_timer(now + _LOOK_AGAIN_S)
        else:
            self._expired = True
            self._task.cancel()
