"""Notices that the `make` which started us was asked to stop, or is gone."""

import os
import signal
from pathlib import Path


def catches(pid: int, sig: signal.Signals) -> bool:
    """Whether the process has a handler for `sig`; False where /proc does not tell."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return False
    mask = next((line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:")), "0")
    return bool(int(mask, 16) >> (sig - 1) & 1)


class ParentWatch:
    """Watches the process that started us.

    On Ctrl-C the terminal signals make and us alike. A program that signals make alone (a test, a process
    manager) is heard by make, which passes SIGTERM on but for SIGINT only waits for us. Its handler is gone
    by then (`fatal_error_signal` in GNU make resets it), and that is what we see.
    """

    def __init__(self) -> None:
        self._parent = os.getppid()
        self._caught = catches(self._parent, signal.SIGINT) and _name(self._parent) in ("make", "gmake")

    def wants_stop(self) -> bool:
        """True once the parent has ended or, being make, was interrupted."""
        if os.getppid() != self._parent:
            return True
        return self._caught and not catches(self._parent, signal.SIGINT)


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip()
    except OSError:
        return ""
