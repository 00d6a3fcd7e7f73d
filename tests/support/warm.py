"""Starts the services' processes by forking one that has their modules loaded, which is most of what a start costs.

Such a process differs from ``python -m services.gateway`` in nothing that a user or a signal could tell, but that it
hashes passwords at little cost: it runs the module's `__main__` in a fresh process with an environment, a log and a
process id of its own. What a cold start does is seen where the launcher starts the product, and wherever a test puts a
command before the module.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import selectors
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import BinaryIO, NamedTuple

from tests.support.hashes import CHEAP, hash_with

ROOT = Path(__file__).parents[2]
MODULES = (
    "services.gateway",
    "services.agent_worker",
    "services.ingest",
    "services.admin_dashboard",
    "tokenline.offline_model",
    "tests.support.scripted_model",
)
_JOB_BYTES = 128 * 1024
"""An environment and some arguments."""


class Job(NamedTuple):
    module: str
    arguments: list[str]
    environment: dict[str, str]


class Process:
    """As much of `subprocess.Popen` as tests use, from any thread. The exit code comes over ``line``, once."""

    def __init__(self, command: str, line: socket.socket) -> None:
        self._command = command
        self._line = line
        self._turn = threading.Lock()
        self._coming = select.poll()
        self._coming.register(line, select.POLLIN)
        self.returncode: int | None = None
        self.pid = self._said()

    def _said(self) -> int:
        said = self._line.recv(16)
        assert said, "the process that forks has ended"
        return int(said)

    def poll(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None and not self._coming.poll(None if timeout is None else timeout * 1000):
            raise subprocess.TimeoutExpired(self._command, timeout or 0)
        with self._turn:
            if self.returncode is None:
                with self._line:
                    self.returncode = self._said()
            return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Warm:
    """The process that forks. It ends, with all that it forked, when who started it is gone."""

    def __init__(self) -> None:
        self._door, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.warm", str(theirs.fileno())],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        self._turn = threading.Lock()

    def start(self, module: str, *arguments: str, environment: Mapping[str, str], log: BinaryIO) -> Process:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        job = Job(module, list(arguments), dict(environment))
        with theirs, self._turn:
            socket.send_fds(self._door, [json.dumps(job).encode()], [log.fileno(), theirs.fileno()])
        return Process(module, ours)

    def close(self) -> None:
        self._door.close()
        self._process.wait()


@cache
def warm() -> Warm:
    """This test process's own."""
    started = Warm()
    atexit.register(started.close)
    return started


# ── the process that forks ───────────────────────────────────────────────────────────────────────────────────────────


def _serve(door: socket.socket) -> Job | None:
    """Fork for every job that comes: the job in the child, None in the parent when nobody can ask any more."""
    lines: dict[int, tuple[socket.socket, int]] = {}
    with selectors.DefaultSelector() as selector:
        selector.register(door, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is not door:
                    assert isinstance(key.fileobj, int)
                    selector.unregister(key.fileobj)
                    line, pid = lines.pop(key.fileobj)
                    os.close(key.fileobj)
                    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                    with line, contextlib.suppress(OSError):
                        line.send(b"%d" % code)
                    continue
                said, fds, _, _ = socket.recv_fds(door, _JOB_BYTES, 2)
                if not said:
                    for _, pid in lines.values():
                        os.kill(pid, signal.SIGKILL)
                    return None
                log, line = fds[0], socket.socket(fileno=fds[1])
                if (pid := os.fork()) == 0:
                    for stream in (1, 2):
                        os.dup2(log, stream)
                    os.close(log)
                    line.close()
                    door.close()
                    for pidfd, (other, _) in lines.items():
                        os.close(pidfd)
                        other.close()
                    return Job(*json.loads(said))
                os.close(log)
                pidfd = os.pidfd_open(pid)
                lines[pidfd] = line, pid
                selector.register(pidfd, selectors.EVENT_READ)
                line.send(b"%d" % pid)


def _run(job: Job) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(job.environment)
    sys.argv = [job.module, *job.arguments]
    runpy.run_module(job.module, run_name="__main__", alter_sys=True)


def main() -> None:
    for module in MODULES:
        importlib.import_module(f"{module}.__main__")
        # To be run anew in every child.
        del sys.modules[f"{module}.__main__"]
    hash_with(CHEAP)
    # A thread would be missing in the children, with what it holds.
    assert len(os.listdir("/proc/self/task")) == 1
    gc.collect()
    gc.freeze()
    # A terminal's Ctrl-C is for the tests, which end their processes.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    job = _serve(socket.socket(fileno=int(sys.argv[1])))
    if job is not None:
        _run(job)


if __name__ == "__main__":
    main()
