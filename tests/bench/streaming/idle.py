"""T7: what an idle socket costs a gateway, beside a server that does nothing but hold it."""

import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import msgspec
import psutil

from tests.bench.machine import Meter
from tests.bench.rows import Row
from tests.bench.streaming.stage import bare_server, stage
from tests.bench.streaming.work import BrokenRun
from tests.support.system import ROOT

SOCKETS = 5_000
_SPARE = 200
"""Descriptors a process needs besides."""
_WARM_UP = 50
"""Opened and closed before: what is built at first use is no socket's."""
_WATCH_S = 10.0
_KIB = 40.0
_OF_BARE = 1.4


class Idle(msgspec.Struct, frozen=True):
    kib: float
    opened_per_s: float
    core: float
    """Share of a core that the server takes while nothing happens."""


def run() -> list[Row]:
    """Blocks for a minute and a half."""
    sockets = _possible()
    with bare_server() as (port, pid):
        bare = _hold(port, "/", pid, [""] * sockets)
    with stage(sockets, workers=0) as built:
        ours = _hold(built.gateway_port, "/api/v1/chat/ws", built.pids["gateway"][0], built.keys)
    who = f"{sockets:,} idle sockets"
    return [
        Row(id="T7", what=f"memory per socket, {who}", value=ours.kib, unit="KiB", target=_KIB),
        Row(id="T7", what="  in the bare server", value=bare.kib, unit="KiB"),
        Row(id="T7", what="  against the bare server", value=ours.kib / bare.kib, unit="×", target=_OF_BARE),
        Row(id="T7", what=f"  a gateway's core for {who}", value=ours.core * 100, unit="%"),
        Row(id="T7", what="  the bare server's", value=bare.core * 100, unit="%"),
        Row(id="T7", what="  opened and signed in", value=ours.opened_per_s, unit="/s"),
        Row(id="T7", what="  opened at the bare server", value=bare.opened_per_s, unit="/s"),
    ]


def _possible() -> int:
    """Every process that is started inherits the limit on descriptors: raise it as far as one may."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if most < SOCKETS + _SPARE:
        print(
            f"     This machine lets a process have {most} files: fewer sockets than the {SOCKETS} of T7.", flush=True
        )
    return min(SOCKETS, most - _SPARE)


def _hold(port: int, path: str, pid: int, keys: Sequence[str]) -> Idle:
    with _held(port, path, keys[:_WARM_UP]):
        pass
    before = psutil.Process(pid).memory_info().rss
    with _held(port, path, keys) as opening_s:
        with Meter({"server": pid}) as meter:
            time.sleep(_WATCH_S)
        grown = meter.memory_bytes["server"] - before
    return Idle(
        kib=grown / len(keys) / 1024, opened_per_s=len(keys) / opening_s, core=meter.cpu_s["server"] / meter.span_s
    )


@contextmanager
def _held(port: int, path: str, keys: Sequence[str]) -> Iterator[float]:
    """That many sockets, open; the seconds it took. Raises `BrokenRun` when one was refused or lost."""
    command = [sys.executable, "-m", "tests.bench.streaming.holder", str(port), path, str(len(keys))]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        holder.stdin.write("".join(f"{key}\n" for key in keys))
        holder.stdin.flush()
        said, _, seconds = holder.stdout.readline().partition(" ")
        if said != "open":
            raise BrokenRun("sockets were refused")
        yield float(seconds)
        holder.stdin.close()
    if holder.returncode:
        raise BrokenRun("a server closed idle sockets")
