"""Runs a plan: starts its stages, keeps them alive, stops them backwards."""

import asyncio
import signal
import time
from collections.abc import Sequence
from pathlib import Path

from deploy.local.children import Broker, Child, Kept
from deploy.local.errors import LocalError
from deploy.local.parent import ParentWatch
from deploy.local.plan import Plan
from deploy.local.terminal import LogTail, say

STOP_LIMIT_S = 10.0
# Kept back from the services' share, for the broker to write everything to disk (it takes one).
_BROKER_SHARE_S = 2.5
_WATCH_S = 0.3


class _StopAsked(Exception):
    """Somebody wants everything to stop."""


class Launcher:
    """One run of a plan."""

    def __init__(self, plan: Plan, data: Path, broker: Broker | None, ready_lines: Sequence[str]) -> None:
        """`broker` is None when AMQP_URL names one that runs already."""
        self._first: list[Kept] = [Child(process, data) for process in plan.before_broker]
        if broker is not None:
            self._first.append(broker)
        self._stages: list[list[Kept]] = [[Child(process, data) for process in s] for s in plan.stages]
        self._ready_lines = ready_lines
        self._stop = asyncio.Event()
        self._tails = [LogTail(child.name, child.log) for child in self._all() if isinstance(child, Child)]

    def _all(self) -> list[Kept]:
        return [*self._first, *(child for stage in self._stages for child in stage)]

    def ask_to_stop(self) -> None:
        """What Ctrl-C does."""
        self._stop.set()

    async def run(self) -> None:
        """Return when asked to stop and everything has ended. Raises LocalError when it cannot go on."""
        loop = asyncio.get_running_loop()
        for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(sig, self.ask_to_stop)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._until_stop(), name="until stop")
                group.create_task(self._show_logs(), name="show logs")
                group.create_task(self._start(group), name="start")
        except* _StopAsked:
            say("Stopping …")
        except* LocalError as errors:
            for tail in self._tails:
                for line in tail.news():
                    say(line)
            # Several children often fail for one reason; the first sentence is enough.
            raise errors.exceptions[0] from None
        finally:
            for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                loop.add_signal_handler(sig, self._kill)
            await self._stop_all()

    async def _start(self, group: asyncio.TaskGroup) -> None:
        """Everything that depends on the broker waits for it: services that start earlier would only fail.

        The stages themselves start together; their order counts for stopping.
        """
        for children in (self._first, [child for stage in self._stages for child in stage]):
            for child in children:
                group.create_task(child.keep(), name=child.name)
            for child in children:
                await child.ready.wait()
        for line in self._ready_lines:
            say(line)

    async def _until_stop(self) -> None:
        parent = ParentWatch()
        while not parent.wants_stop():
            try:
                await asyncio.wait_for(self._stop.wait(), _WATCH_S)
            except TimeoutError:
                continue
            break
        raise _StopAsked

    async def _show_logs(self) -> None:
        while True:
            for tail in self._tails:
                for line in tail.news():
                    say(line)
            await asyncio.sleep(_WATCH_S)

    async def _stop_all(self) -> None:
        """Services backwards by stage, then model and broker, all within STOP_LIMIT_S."""
        deadline = time.monotonic() + STOP_LIMIT_S
        for left in range(len(self._stages), 0, -1):
            # An equal share of what is left: a stage that hangs does not take it all.
            share_s = (deadline - _BROKER_SHARE_S - time.monotonic()) / left
            await self._stop_stage(self._stages[left - 1], share_s)
        await self._stop_stage(self._first, deadline - time.monotonic())

    async def _stop_stage(self, children: Sequence[Kept], grace_s: float) -> None:
        await asyncio.gather(*(asyncio.to_thread(child.stop, max(grace_s, 0.2)) for child in children))

    def _kill(self) -> None:
        """The second Ctrl-C."""
        say("Killing …")
        for child in self._all():
            child.kill()
