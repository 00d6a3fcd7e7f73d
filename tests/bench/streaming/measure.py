"""Runs the contenders in turn, several times, and makes figures of it."""

import asyncio
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median

import msgspec

from deploy.local.rabbitmq import PrivateNode
from tests.bench.machine import Meter
from tests.bench.rows import Row
from tests.bench.streaming import direct, tokenline
from tests.bench.streaming.work import SCRIPT, Judge, Outcome
from tests.support.system import System

OURS = ("gateway", "broker", "worker")
_QUIET = 0.1
"""Share of the machine that others may use before their work shows in ours."""
_FIRST_P50_MS = 5.0
_FIRST_P99_MS = {50: 15.0, 200: 60.0}
_LAG_P50_MS = 6.0
_LAG_P99_MS = {200: 12.0, 500: 20.0}
_CPU_S = {200: 75.0}
_WARM_UP = 20


class Figures(msgspec.Struct, frozen=True):
    """One contender with one number of users: medians of the runs. ``cpu_s`` per million tokens, by process.
    ``machine`` is what each took of all cores while the run lasted."""

    first_p50: float
    first_p99: float
    lag_p50: float
    lag_p99: float
    answer_p50: float
    cpu_s: dict[str, float]
    machine: dict[str, float]
    memory_mb: dict[str, float]
    others: float


class Stage(msgspec.Struct, frozen=True):
    """All processes, up and warm. ``keys`` are the users'."""

    keys: list[str]
    model_port: int
    gateway_port: int
    pids: dict[str, list[int]]


def run(users: Sequence[int], runs: int) -> list[Row]:
    """Start everything once, measure every number of users ``runs`` times. Blocks for minutes."""
    with stage(max(users)) as built:
        return [row for number in users for row in _compare(number, runs, built)]


@contextmanager
def stage(users: int, workers: int = 1) -> Iterator[Stage]:
    with (
        tempfile.TemporaryDirectory(prefix="tokenline-bench-") as folder,
        PrivateNode(Path(folder, "rabbitmq")) as node,
    ):
        system = System(Path(folder), node.amqp_url())
        try:
            system.scripted_model()
            for number in range(1, workers + 1):
                system.worker(number, slots=users)
            system.gateway()
            built = Stage(
                keys=asyncio.run(tokenline.keys_of_new_users(Path(folder), users)),
                model_port=system.ports["model"],
                gateway_port=system.ports["gateway-1"],
                pids=_grouped(system) | {"client": [os.getpid()], "broker": [node.state.pid]},
            )
            tokenline.ask(tokenline.enter(built.gateway_port, built.keys[:_WARM_UP]))()
            yield built
        finally:
            system.close()


def _grouped(system: System) -> dict[str, list[int]]:
    """By kind: workers count together."""
    found: dict[str, list[int]] = {}
    for name, process in system.processes.items():
        found.setdefault(name.partition("-")[0], []).append(process.pid)
    return found


def _compare(users: int, runs: int, built: Stage) -> list[Row]:
    seen: dict[str, list[tuple[Outcome, Meter]]] = {}

    def measure(name: str, contend: Callable[[], Judge]) -> None:
        with Meter(built.pids) as meter:
            judge = contend()
        seen.setdefault(name, []).append((judge(), meter))

    measure("openai client", lambda: direct.with_openai(users, built.model_port))
    for _ in range(runs):
        measure("bare sockets", lambda: direct.with_sockets(users, built.model_port))
        sockets = tokenline.enter(built.gateway_port, built.keys[:users])
        measure("Tokenline", partial(tokenline.ask, sockets))
    figures = {name: _figures(users, of) for name, of in seen.items()}
    for name, figure in figures.items():
        print(_line(users, name, figure), flush=True)
    others = figures["Tokenline"].others
    if others > _QUIET:
        print(f"     Somebody else used {others:.0%} of this machine meanwhile: these figures say little.", flush=True)
    return _rows(users, figures["bare sockets"], figures["openai client"], figures["Tokenline"])


def _figures(users: int, seen: Sequence[tuple[Outcome, Meter]]) -> Figures:
    def of(values: Callable[[Outcome], list[float]], share: float) -> float:
        return median(_percentile(values(outcome), share) for outcome, _ in seen)

    names = seen[0][1].cpu_s
    per_million = 1e6 / (users * SCRIPT.tokens)
    return Figures(
        first_p50=of(lambda o: o.first_ms, 0.5),
        first_p99=of(lambda o: o.first_ms, 0.99),
        lag_p50=of(lambda o: o.lag_ms, 0.5),
        lag_p99=of(lambda o: o.lag_ms, 0.99),
        answer_p50=of(lambda o: o.answer_ms, 0.5),
        cpu_s={name: median(m.cpu_s[name] for _, m in seen) * per_million for name in names},
        machine={name: median(m.machine[name] for _, m in seen) for name in names},
        memory_mb={name: median(m.memory_bytes[name] for _, m in seen) / 1e6 for name in names},
        others=median(m.others for _, m in seen),
    )


def _rows(users: int, floor: Figures, customary: Figures, ours: Figures) -> list[Row]:
    who = f"{users} users"
    serving = {name: ours.cpu_s[name] for name in OURS}
    by_load = ours.machine["client"] + ours.machine["model"]
    return [
        Row(id="T1", what=f"first token added, {who}, p50", value=ours.first_p50 - floor.first_p50, unit="ms",
            target=_FIRST_P50_MS),
        Row(id="T1", what=f"first token added, {who}, p99", value=ours.first_p99 - floor.first_p99, unit="ms",
            target=_FIRST_P99_MS.get(users)),
        Row(id="T1", what="  by the openai client alone, p50", value=customary.first_p50 - floor.first_p50, unit="ms"),
        Row(id="T1", what="  by the openai client alone, p99", value=customary.first_p99 - floor.first_p99, unit="ms"),
        Row(id="T3", what=f"lag added per token, {who}, p50", value=ours.lag_p50 - floor.lag_p50, unit="ms",
            target=_LAG_P50_MS if users in _LAG_P99_MS else None),
        Row(id="T3", what=f"lag added per token, {who}, p99", value=ours.lag_p99 - floor.lag_p99, unit="ms",
            target=_LAG_P99_MS.get(users)),
        Row(id="T3", what="  by the openai client alone, p99", value=customary.lag_p99 - floor.lag_p99, unit="ms"),
        Row(id="T4", what=f"CPU per 1M tokens, {who}, gateway + broker + worker", value=sum(serving.values()),
            unit="s", target=_CPU_S.get(users)),
        *(Row(id="T4", what=f"  of it {name}", value=value, unit="s") for name, value in serving.items()),
        Row(id="T4", what="  the openai client alone", value=customary.cpu_s["client"], unit="s"),
        *(Row(id="", what=f"memory, {who}, {name}", value=ours.memory_mb[name], unit="MB") for name in OURS),
        Row(id="", what=f"machine used by client and model, {who}", value=by_load * 100, unit="%"),
        Row(id="", what=f"machine used by others, {who}", value=ours.others * 100, unit="%"),
    ]  # fmt: skip


def _line(users: int, name: str, figures: Figures) -> str:
    cpu = ", ".join(f"{who} {value:.0f}" for who, value in figures.cpu_s.items() if value >= 0.5)
    machine = ", ".join(f"{who} {value:.0%}" for who, value in figures.machine.items() if value >= 0.005)
    return (
        f"{users:>4} users, {name:<13} first token {figures.first_p50:+7.1f} / {figures.first_p99:+8.1f} ms, "
        f"lag {figures.lag_p50:6.1f} / {figures.lag_p99:7.1f} ms (p50 / p99), whole answer "
        f"{figures.answer_p50 / 1e3:.2f} s\n     CPU-s per 1M tokens: {cpu}; of the machine: {machine}"
    )


def _percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]
