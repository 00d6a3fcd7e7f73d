"""CPU time and memory of processes, and how much of the machine somebody else was using meanwhile."""

import time
from collections.abc import Mapping

import psutil


class Meter:
    """A context; afterwards ``cpu_s`` and ``memory_bytes`` by name, and ``others``, a share of all cores."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        """A process counts with all its descendants, but those that have a name of their own."""
        self._roots = {name: psutil.Process(pid) for name, pid in pids.items()}
        self._named = set(pids.values())
        self.cpu_s: dict[str, float] = {}
        self.memory_bytes: dict[str, int] = {}
        self.others = 0.0

    def __enter__(self) -> "Meter":
        self._started = time.monotonic()
        self._busy = _busy_s()
        self._before = {name: self._cpu_of(root) for name, root in self._roots.items()}
        return self

    def __exit__(self, *_: object) -> None:
        for name, root in self._roots.items():
            self.cpu_s[name] = self._cpu_of(root) - self._before[name]
            self.memory_bytes[name] = sum(process.memory_info().rss for process in self._family(root))
        span = (time.monotonic() - self._started) * (psutil.cpu_count() or 1)
        self.others = max(_busy_s() - self._busy - sum(self.cpu_s.values()), 0.0) / span

    def _cpu_of(self, root: psutil.Process) -> float:
        times = [process.cpu_times() for process in self._family(root)]
        used: float = sum(t.user + t.system for t in times)
        return used

    def _family(self, root: psutil.Process) -> list[psutil.Process]:
        found = [root]
        for parent in found:
            found += [child for child in parent.children() if child.pid not in self._named]
        return found


def _busy_s() -> float:
    times = psutil.cpu_times()
    busy: float = sum(times) - times.idle - getattr(times, "iowait", 0.0)
    return busy
