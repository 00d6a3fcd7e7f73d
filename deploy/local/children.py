"""Child processes that are kept alive: services by `Child`, the broker by `Broker`."""

import asyncio
import http.client
import math
import subprocess
import time
import urllib.request
from pathlib import Path

from deploy.local.errors import LocalError
from deploy.local.os_process import end, kill_group, tied_to_parent
from deploy.local.plan import Process, log_path
from deploy.local.ports import LOOPBACK
from deploy.local.rabbitmq import PrivateNode
from deploy.local.restarts import Restarts
from deploy.local.terminal import last_line, say

_POLL_S = 0.1
_LOG_LIMIT_BYTES = 20 * 1024 * 1024


class Kept:
    """Something that is started again when it ends by itself."""

    name: str
    log: Path
    limit_s = 60.0

    def __init__(self) -> None:
        self._restarts = Restarts()
        self.ready = asyncio.Event()  # has served once

    async def keep(self) -> None:
        """Start it and start it again after every crash. Raises LocalError when it crashes too often.

        Cancelling leaves the process running: `stop` ends it.
        """
        while True:
            began = time.monotonic()
            self.start()
            await self._serve(began)
            delay_s = self._restarts.after_crash(time.monotonic())
            if delay_s is None:
                raise LocalError(
                    f"{self.name} crashed five times within a minute, so everything is stopped. "
                    f"Its last line was: {last_line(self.log)} (all of it in {self.log})"
                )
            say(f"! {self.name} {self.how_it_ended()}; starting it again in {delay_s:g} s")
            await asyncio.sleep(delay_s)

    async def _serve(self, began: float) -> None:
        # Only the first start has a limit: waiting for a broker that is down is no reason to stop all.
        await self.until_ready(math.inf if self.ready.is_set() else self.limit_s)
        if self.running():
            self.ready.set()
            say(f"· {self.name} … ready in {time.monotonic() - began:.1f} s")
        # Not a thread that waits: with ten children they would use up the executor.
        while self.running():  # noqa: ASYNC110
            await asyncio.sleep(_POLL_S)

    def start(self) -> None:
        """Start it; called from the main thread, which the process is tied to."""
        raise NotImplementedError

    def running(self) -> bool:
        """Whether its process lives."""
        raise NotImplementedError

    def how_it_ended(self) -> str:
        """For the line about a crash."""
        raise NotImplementedError

    async def until_ready(self, limit_s: float) -> None:
        """Return when it serves or has ended. Raises LocalError when it lives and does not serve in time."""
        raise NotImplementedError

    def stop(self, grace_s: float) -> None:
        """End it, by force after `grace_s`. Blocks."""
        raise NotImplementedError

    def kill(self) -> None:
        """End it at once."""
        raise NotImplementedError


class Child(Kept):
    """A service, in a process group of its own so that Ctrl-C reaches the launcher only."""

    def __init__(self, process: Process, data: Path) -> None:
        super().__init__()
        self.name = process.name
        self.log = log_path(data, process.name)
        self._process = process
        self._popen: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.kill()  # what a crashed one may have left in its group
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > _LOG_LIMIT_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as log:
            self._popen = subprocess.Popen(
                self._process.command,
                env=dict(self._process.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=tied_to_parent(),
            )

    def running(self) -> bool:
        return self._popen is not None and self._popen.poll() is None

    def how_it_ended(self) -> str:
        code = self._popen.returncode if self._popen else 0
        return f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"

    async def until_ready(self, limit_s: float) -> None:
        address = f"http://{LOOPBACK}:{self._process.port}{self._process.ready_path}"
        give_up = time.monotonic() + limit_s
        while self.running() and not await asyncio.to_thread(answers_ok, address):
            if time.monotonic() > give_up:
                raise LocalError(
                    f"{self.name} is not ready after {limit_s:.0f} s. "
                    f"Its last line was: {last_line(self.log)} (all of it in {self.log})"
                )
            await asyncio.sleep(_POLL_S)

    def stop(self, grace_s: float) -> None:
        if self._popen is None:
            return
        if not end(self._popen, grace_s):
            say(f"! {self.name} did not end in time and was killed")
        kill_group(self._popen)  # what it may have started and left

    def kill(self) -> None:
        if self._popen is not None:
            kill_group(self._popen)


class Broker(Kept):
    """The private RabbitMQ node."""

    name = "RabbitMQ"

    def __init__(self, node: PrivateNode) -> None:
        super().__init__()
        self._node = node
        self.log = node.folder / "log" / "node.log"

    def start(self) -> None:
        self._node.kill()  # what a crash left: the port mapper, the lock
        self._node.start()

    def running(self) -> bool:
        return self._node.running

    def how_it_ended(self) -> str:
        return "ended by itself"

    async def until_ready(self, limit_s: float) -> None:
        try:
            await asyncio.to_thread(self._node.wait_ready, limit_s)
        except LocalError:
            if self.running():
                raise

    def stop(self, grace_s: float) -> None:
        self._node.stop(grace_s)

    def kill(self) -> None:
        self._node.kill()


def answers_ok(address: str) -> bool:
    """Whether GET `address` gives HTTP 200 within two seconds."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy does not see our loopback
    try:
        with direct.open(address, timeout=2) as response:
            return bool(response.status == 200)
    except (OSError, http.client.HTTPException):
        return False
