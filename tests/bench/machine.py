"""CPU time and memory of processes, and how much of the machine somebody else was using meanwhile."""

import time
from collections.abc import Mapping, Sequence

import psutil

CORES = psutil.cpu_count() or 1


class Meter:
    """A context; afterwards ``cpu_s`` and ``memory_bytes`` by name, ``span_s``, and what part of all cores each took:
    ``machine``, and ``others`` for everybody else."""

    def __init__(self, pids: Mapping[str, int | Sequence[int]]) -> None:
        """A process counts with all its descendants, but those that have a name of their own."""
        listed = {name: [of] if isinstance(of, int) else of for name, of in pids.items()}
        self._roots = {name: [psutil.Process(pid) for pid in of] for name, of in listed.items()}
        self._named = {pid for of in listed.values() for pid in of}
        self.cpu_s: dict[str, float] = {}
        self.memory_bytes: dict[str, int] = {}
        self.machine: dict[str, float] = {}
        self.others = 0.0
        self.span_s = 0.0

    def __enter__(self) -> "Meter":
        self._started = time.monotonic()
        self._busy = _busy_s()
        self._before = {name: self._cpu_of(roots) for name, roots in self._roots.items()}
        return self

    def __exit__(self, *_: object) -> None:
        self.span_s = time.monotonic() - self._started
        for name, roots in self._roots.items():
            self.cpu_s[name] = self._cpu_of(roots) - self._before[name]
            self.machine[name] = self.cpu_s[name] / (self.span_s * CORES)
            self.memory_bytes[name] = sum(process.memory_info().rss for process in self._family(roots))
        spent = sum(self.cpu_s.values())
        self.others = max(_busy_s() - self._busy - spent, 0.0) / (self.span_s * CORES)

    def _cpu_of(self, roots: Sequence[psutil.Process]) -> float:
        times = [process.cpu_times() for process in self._family(roots)]
        used: float = sum(t.user + t.system for t in times)
        return used

    def _family(self, roots: Sequence[psutil.Process]) -> list[psutil.Process]:
        found = list(roots)
        for parent in found:
            found += [child for child in parent.children() if child.pid not in self._named]
        return found


def _busy_s() -> float:
    times = psutil.cpu_times()
    busy: float = sum(times) - times.idle - getattr(times, "iowait", 0.0)
    return busy
