"""Threads that do database work in batches, so that the event loop never waits for the disk.

One hand-over to a thread and one back cost more than a point query; under load they are paid once per batch.
"""

import asyncio
import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

from tokenline.contracts.errors import StoreUnavailable
from tokenline.core.clock import Clock
from tokenline.core.ports.store import PATIENCE_S

T = TypeVar("T")

Work = Callable[[sqlite3.Connection], T]
"""Runs in a lane's thread; must be brief and must not keep the connection."""

CALL_LIMIT_S = 4.5
"""How long a caller waits in all, whatever the disk does: who asked for it all is to be told within 5 s."""


class Job(Generic[T]):
    """One piece of work and, after it ran, its outcome."""

    __slots__ = ("error", "future", "limit", "result", "submitted_at", "work")

    def __init__(
        self, work: Work[T], future: asyncio.Future[T], limit: asyncio.TimerHandle, submitted_at: float
    ) -> None:
        """``limit``: what ends the wait of its caller, if nothing else does."""
        self.work = work
        self.future = future
        self.limit = limit
        self.submitted_at = submitted_at
        self.result: T | None = None
        self.error: Exception | None = None


Batch = list[Job[Any]]


class Session(Protocol):
    """Does batches in one thread."""

    def run(self, batch: Batch, waiting: Callable[[], Batch]) -> None:
        """Give every job its result or error; ``waiting`` takes further jobs, to be appended to ``batch``."""
        ...

    def close(self) -> None: ...


class Lane:
    """Bounded: beyond ``capacity`` unfinished jobs, `run` raises `StoreUnavailable` at once."""

    def __init__(
        self,
        name: str,
        session: Callable[[], Session],
        clock: Clock,
        *,
        threads: int = 1,
        capacity: int = 10_000,
        batch_limit: int = 256,
        limit_s: float = CALL_LIMIT_S,
        observe: Callable[[float], None] | None = None,
    ) -> None:
        self._session = session
        self._clock = clock
        self._capacity = capacity
        self._batch_limit = batch_limit
        self._limit_s = limit_s
        self._observe = observe
        self._jobs: queue.SimpleQueue[Job[Any] | None] = queue.SimpleQueue()
        self._unfinished = 0
        self._patient: list[Job[Any]] = []
        self._patience: asyncio.TimerHandle | None = None
        self._open = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped: list[asyncio.Future[None]] = []
        # Daemons, so that a frozen disk cannot keep the process from exiting.
        self._threads = [
            threading.Thread(target=self._serve, args=(i,), name=f"{name}-{i}", daemon=True) for i in range(threads)
        ]

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopped = [self._loop.create_future() for _ in self._threads]
        self._open = True
        for thread in self._threads:
            thread.start()

    async def stop(self) -> None:
        """Finish what was submitted; work submitted later is refused."""
        if not self._open:
            return
        self._open = False
        self._hand_over_patient()
        for _ in self._threads:
            self._jobs.put(None)
        await asyncio.wait(self._stopped, timeout=self._limit_s)

    async def run(self, work: Work[T], *, patient: bool = False) -> T:
        """Do ``work`` and return its result or raise its error. A cancelled or timed-out job may still happen.

        ``patient``: it waits up to `PATIENCE_S` for another job, whose batch it joins.
        """
        if not self._open or self._loop is None:
            raise StoreUnavailable("The store is closed.")
        if self._unfinished >= self._capacity:
            raise StoreUnavailable("The store is overloaded. Nothing was saved; please try again.")
        future: asyncio.Future[T] = self._loop.create_future()
        # A timer alone: `asyncio.timeout` would be a good part of what a short call costs.
        limit = self._loop.call_later(self._limit_s, _give_up, future)
        job = Job(work, future, limit, self._clock.monotonic())
        self._unfinished += 1
        if patient:
            self._patient.append(job)
            if self._patience is None:
                self._patience = self._loop.call_later(PATIENCE_S, self._hand_over_patient)
        else:
            self._hand_over_patient()
            self._jobs.put(job)
        return await future

    def _hand_over_patient(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        patient, self._patient = self._patient, []
        for job in patient:
            if job.future.done():
                # Nobody wants it any more, and no thread need wake for it.
                job.limit.cancel()
                self._unfinished -= 1
            else:
                self._jobs.put(job)

    # ── in the threads ───────────────────────────────────────────────────────────────────────────────────────────────

    def _serve(self, index: int) -> None:
        session = self._session()
        try:
            while (first := self._jobs.get()) is not None:
                batch = [first]
                try:
                    session.run(batch, self._waiting)
                except Exception as error:  # a bug in the session: its callers hear of it, the thread goes on
                    for job in batch:
                        job.error = error
                self._tell(self._resolve, batch)
        finally:
            session.close()
            self._tell(self._mark_stopped, index)

    def _waiting(self) -> Batch:
        batch: Batch = []
        while len(batch) < self._batch_limit - 1:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is None:
                self._jobs.put(None)
                break
            batch.append(job)
        return batch

    def _tell(self, callback: Callable[..., None], *args: object) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop was closed: nobody is left to hear it
                self._loop.call_soon_threadsafe(callback, *args)

    # ── on the event loop ────────────────────────────────────────────────────────────────────────────────────────────

    def _resolve(self, batch: Batch) -> None:
        self._unfinished -= len(batch)
        now = self._clock.monotonic()
        for job in batch:
            job.limit.cancel()
            if job.future.done():
                continue
            if job.error is not None:
                job.future.set_exception(job.error)
                continue
            job.future.set_result(job.result)
            if self._observe is not None:
                self._observe(now - job.submitted_at)

    def _mark_stopped(self, index: int) -> None:
        if not self._stopped[index].done():
            self._stopped[index].set_result(None)


def _give_up(waiting: asyncio.Future[Any]) -> None:
    if not waiting.done():
        waiting.set_exception(StoreUnavailable("The store did not answer in time."))
