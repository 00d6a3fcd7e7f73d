"""The launcher on small stand-in services: readiness, restarts, giving up, and leaving nothing behind."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from deploy.local.errors import LocalError
from deploy.local.launcher import STOP_LIMIT_S, Launcher
from deploy.local.plan import Plan, Process, log_path
from deploy.local.ports import answers, free_port

# Serves its own process id; /readyz answers 503 until the file READY exists, when that is named.
SERVICE = """
import http.server, os, pathlib, signal, subprocess, sys
signal.signal(signal.SIGTERM, {on_term})
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        waits_for = os.environ.get("READY")
        self.send_response(503 if waits_for and not pathlib.Path(waits_for).exists() else 200)
        self.end_headers()
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
ENDS = "lambda *_: (print('ended', __import__('time').monotonic_ns(), flush=True), os._exit(0))"
IGNORES = "signal.SIG_IGN"


def service(name: str, on_term: str = ENDS, **environment: str) -> Process:
    port = free_port()
    command = (sys.executable, "-c", SERVICE.format(on_term=on_term), str(port))
    return Process(name, command, dict(os.environ) | environment, port)


@contextlib.asynccontextmanager
async def launched(data: Path, *stages: tuple[Process, ...]) -> AsyncIterator[Launcher]:
    """A launcher that has said it is ready; it is stopped at the end."""
    launcher = Launcher(Plan((), stages), data, None, ["everything is ready"])
    async with asyncio.TaskGroup() as group:
        running = group.create_task(launcher.run())
        for process in (process for stage in stages for process in stage):
            await until_served(process.port, running)
        yield launcher
        launcher.ask_to_stop()


async def until_served(port: int, running: asyncio.Task[None]) -> None:
    while not running.done() and not answers(port):  # noqa: ASYNC110 - another process tells no event
        await asyncio.sleep(0.02)


async def until_said(capsys: pytest.CaptureFixture[str], words: str) -> str:
    """What the launcher printed, up to the words at least."""
    shown = ""
    while words not in shown:
        await asyncio.sleep(0.02)
        shown += capsys.readouterr().out
    return shown


def pid_on(port: int) -> int:
    children = psutil.Process().children(recursive=True)
    return int(next(child.pid for child in children if str(port) in child.cmdline()))


def ended_at(data: Path, name: str) -> int:
    return int(log_path(data, name).read_text().split("ended ")[1])


async def test_stops_the_last_stage_first_and_all_of_it(tmp_path: Path) -> None:
    worker, gateway = service("worker-1"), service("gateway-1")
    async with launched(tmp_path, (worker,), (gateway,)):
        pass
    assert not answers(worker.port)
    assert not answers(gateway.port)
    assert ended_at(tmp_path, "gateway-1") < ended_at(tmp_path, "worker-1")


async def test_is_ready_only_when_everybody_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flag = tmp_path / "flag"
    slow, quick = service("slow", READY=str(flag)), service("quick")
    async with launched(tmp_path, (slow, quick)):
        assert "everything is ready" not in await until_said(capsys, "quick … ready")
        flag.touch()
        await until_said(capsys, "everything is ready")


async def test_a_killed_child_is_started_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    child = service("worker-1")
    async with launched(tmp_path, (child,)):
        await until_said(capsys, "ready in")
        first = pid_on(child.port)
        os.kill(first, signal.SIGKILL)
        shown = await until_said(capsys, "ready in")
        assert "! worker-1 was killed by signal 9; starting it again in 0.5 s" in shown
        assert pid_on(child.port) != first


async def test_gives_up_on_a_child_that_keeps_crashing(tmp_path: Path) -> None:
    crashing = Process("worker-1", (sys.executable, "-c", "exit('no such pool')"), dict(os.environ), free_port())
    steady = service("gateway-1")
    with pytest.raises(LocalError, match=r"worker-1 crashed five times.*no such pool"):
        await Launcher(Plan((), ((crashing, steady),)), tmp_path, None, []).run()
    assert not answers(steady.port)


async def test_a_child_that_will_not_end_is_killed_in_time(tmp_path: Path) -> None:
    stubborn = service("gateway-1", on_term=IGNORES)
    async with launched(tmp_path, (stubborn,)):
        began = time.monotonic()
    assert time.monotonic() - began < STOP_LIMIT_S
    assert not answers(stubborn.port)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties children to their parent")
def test_children_die_with_a_killed_launcher(tmp_path: Path) -> None:
    port = free_port()
    serving = SERVICE.format(on_term=ENDS)
    program = (
        "import asyncio, os, sys, pathlib\n"
        "from deploy.local.launcher import Launcher\n"
        "from deploy.local.plan import Plan, Process\n"
        f"child = Process('c', (sys.executable, '-c', {serving!r}, '{port}'), dict(os.environ), {port})\n"
        f"asyncio.run(Launcher(Plan((), ((child,),)), pathlib.Path({str(tmp_path)!r}), None, ['up']).run())\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as launcher:
        assert launcher.stdout is not None
        assert any(line == "up\n" for line in launcher.stdout)
        launcher.kill()
    gone_by = time.monotonic() + 10
    while answers(port):
        assert time.monotonic() < gone_by
        time.sleep(0.05)
