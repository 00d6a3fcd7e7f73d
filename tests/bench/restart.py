"""T12: `make run` stopped and started again over data that somebody needs."""

import signal
import subprocess
import sys
import tempfile
import threading
import time
from statistics import median

import httpx2

from deploy.local.options import INGEST_PORT_AT, WORKER_PORTS_FROM
from deploy.local.ports import is_free
from tests.bench.rows import Row
from tests.bench.streaming.work import BrokenRun
from tests.support.system import ROOT, free_port

_LIMIT_S = 90.0
_MOST_S = 15.0
_TIMES = 3
_WHO = {"email": "ada@bench.example", "password": "a long password"}


def run() -> list[Row]:
    """Blocks for a minute and a half."""
    with tempfile.TemporaryDirectory(prefix="tokenline-bench-") as folder:
        command = [
            sys.executable, "-m", "deploy.local.run", "--data", folder, "--port", str(port := free_port()),
            "--admin-port", str(_admin_port()),
        ]  # fmt: skip
        running, first_s = _start(command)
        try:
            _enter(port, "register")
            seconds = []
            for _ in range(_TIMES):
                stopping = time.monotonic()
                _stop(running)
                running, _ = _start(command)
                seconds.append(time.monotonic() - stopping)
                _enter(port, "login")
        finally:
            _stop(running)
    return [
        Row(id="T12", what="restart of all to ready, data kept", value=median(seconds), unit="s", target=_MOST_S),
        Row(id="T12", what="  first start, on an empty folder", value=first_s, unit="s"),
    ]


def _admin_port() -> int:
    """One with free ports where the worker and ingest will listen."""
    while True:
        port = free_port()
        if all(is_free(port + further) for further in (WORKER_PORTS_FROM, INGEST_PORT_AT)):
            return port


def _start(command: list[str]) -> tuple[subprocess.Popen[str], float]:
    """Returns when it says that it is ready, with the seconds it took. Raises `BrokenRun`."""
    started = time.monotonic()
    running = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert running.stdout is not None
    said = []
    for line in running.stdout:
        said.append(line)
        if line.startswith("Tokenline is ready"):
            # What else it says is read by nobody, and a full pipe would stop it.
            threading.Thread(target=running.stdout.read, daemon=True).start()
            return running, time.monotonic() - started
    raise BrokenRun(f"`make run` ended: {''.join(said[-3:])}")


def _stop(running: subprocess.Popen[str]) -> None:
    running.send_signal(signal.SIGTERM)
    running.wait(_LIMIT_S)


def _enter(port: int, how: str) -> None:
    """Raises when the account is not there any more."""
    httpx2.post(f"http://127.0.0.1:{port}/api/v1/auth/{how}", json=_WHO, timeout=30).raise_for_status()
