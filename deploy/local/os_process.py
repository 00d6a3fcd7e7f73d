"""Starting, recognising and ending processes of the operating system."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def tied_to_parent(sig: signal.Signals = signal.SIGTERM) -> Callable[[], None] | None:
    """A `preexec_fn` that sends the child `sig` when its parent dies; None where there is no such thing.

    The kernel watches the parent *thread*: start such children from one that lives as long as the process.
    """
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)  # loaded before the fork: no imports happen in the child
    parent = os.getpid()

    def tie() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, sig, 0, 0, 0)
        if os.getppid() != parent:  # the parent died before the call
            os.kill(os.getpid(), sig)

    return tie


def command_line(pid: int) -> str:
    """The arguments `pid` runs with, separated by spaces; empty when there is no such process."""
    proc = Path("/proc")
    if (proc / "self").exists():
        try:
            return (proc / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    shown = subprocess.run(["ps", "-p", str(pid), "-o", "args="], capture_output=True, text=True, check=False)
    return shown.stdout.strip()


def end_stale(pid: int, marker: str, grace_s: float = 5.0) -> bool:
    """End a process left behind by an earlier launcher; whether there was one.

    `marker` must occur in its command line: the number may belong to somebody else by now.
    """
    if pid <= 0 or marker not in command_line(pid):
        return False
    for sig, wait_s in ((signal.SIGTERM, grace_s), (signal.SIGKILL, 5.0)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, sig)
        give_up = time.monotonic() + wait_s
        while time.monotonic() < give_up:
            if marker not in command_line(pid):
                return True
            time.sleep(0.05)
    return True


def end(process: subprocess.Popen[bytes], grace_s: float) -> bool:
    """Ask a group leader to end, kill its group after `grace_s`; whether it ended by itself."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(grace_s)
        except subprocess.TimeoutExpired:
            kill_group(process)
            return False
    return True


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL to the process and to what it started in its own group, and collect it."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
