"""Runs the contenders in turn, several times, and makes figures of it."""

import os
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from statistics import median

import msgspec
import uvloop

from deploy.local.rabbitmq import PrivateNode
from tests.bench.machine import Meter
from tests.bench.rows import Row
from tests.bench.streaming import direct
from tests.bench.streaming.tokenline import People, gather_people
from tests.bench.streaming.work import SCRIPT, Outcome
from tests.support.system import System

OURS = ("gateway", "broker", "worker")
_QUIET = 0.1
"""Share of the machine that others may use before their work shows in ours."""
_FIRST_P50_MS = 5.0
_FIRST_P99_MS = {50: 15.0, 200: 60.0}
_LAG_P50_MS = 6.0
_LAG_P99_MS = {200: 12.0, 500: 20.0}
_CPU_S = {200: 75.0}


class Figures(msgspec.Struct, frozen=True):
    """One contender with one number of users: medians of the runs. ``cpu_s`` per million tokens, by process."""

    first_p50: float
    first_p99: float
    lag_p50: float
    lag_p99: float
    answer_p50: float
    cpu_s: dict[str, float]
    memory_mb: dict[str, float]
    others: float


def run(users: Sequence[int], runs: int) -> list[Row]:
    """Start everything once, measure every number of users ``runs`` times. Blocks for minutes."""
    with (
        tempfile.TemporaryDirectory(prefix="tokenline-bench-") as folder,
        PrivateNode(Path(folder, "rabbitmq")) as node,
    ):
        system = System(Path(folder), node.amqp_url())
        try:
            system.scripted_model()
            system.worker(slots=max(users))
            system.gateway()
            pids = {
                "client": os.getpid(),
                "model": system.processes["model"].pid,
                "gateway": system.processes["gateway-1"].pid,
                "worker": system.processes["worker-1"].pid,
                "broker": node.state.pid,
            }
            ports = (system.ports["model"], system.ports["gateway-1"])
            return uvloop.run(_measure(users, runs, *ports, pids))
        finally:
            system.close()


async def _measure(
    users: Sequence[int], runs: int, model_port: int, gateway_port: int, pids: Mapping[str, int]
) -> list[Row]:
    people = await gather_people(max(users), gateway_port)
    rows: list[Row] = []
    for number in users:
        await people.ask(min(number, 20))  # warms up what is built at first use
        rows += await _compare(number, runs, model_port, people, pids)
    await people.close()
    return rows


async def _compare(users: int, runs: int, model_port: int, people: People, pids: Mapping[str, int]) -> list[Row]:
    contenders: dict[str, Callable[[], Awaitable[Outcome]]] = {
        "bare sockets": lambda: direct.with_sockets(users, model_port),
        "openai client": lambda: direct.with_openai(users, model_port),
        "Tokenline": lambda: people.ask(users),
    }
    seen: dict[str, list[tuple[Outcome, Meter]]] = {name: [] for name in contenders}
    for _ in range(runs):
        for name, contend in contenders.items():
            with Meter(pids) as meter:
                outcome = await contend()
            seen[name].append((outcome, meter))
    figures = {name: _figures(users, of) for name, of in seen.items()}
    for name, figure in figures.items():
        print(_line(users, name, figure), flush=True)
    others = figures["Tokenline"].others
    if others > _QUIET:
        print(f"     Somebody else used {others:.0%} of this machine meanwhile: these figures say little.", flush=True)
    return _rows(users, figures["bare sockets"], figures["Tokenline"])


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
        memory_mb={name: median(m.memory_bytes[name] for _, m in seen) / 1e6 for name in names},
        others=median(m.others for _, m in seen),
    )


def _rows(users: int, floor: Figures, ours: Figures) -> list[Row]:
    who = f"{users} users"
    serving = {name: ours.cpu_s[name] for name in OURS}
    return [
        Row(id="T1", what=f"first token added, {who}, p50", value=ours.first_p50 - floor.first_p50, unit="ms",
            target=_FIRST_P50_MS),
        Row(id="T1", what=f"first token added, {who}, p99", value=ours.first_p99 - floor.first_p99, unit="ms",
            target=_FIRST_P99_MS.get(users)),
        Row(id="T3", what=f"lag added per token, {who}, p50", value=ours.lag_p50 - floor.lag_p50, unit="ms",
            target=_LAG_P50_MS if users in _LAG_P99_MS else None),
        Row(id="T3", what=f"lag added per token, {who}, p99", value=ours.lag_p99 - floor.lag_p99, unit="ms",
            target=_LAG_P99_MS.get(users)),
        Row(id="T4", what=f"CPU per 1M tokens, {who}, gateway + broker + worker", value=sum(serving.values()),
            unit="s", target=_CPU_S.get(users)),
        *(Row(id="T4", what=f"  of it {name}", value=value, unit="s") for name, value in serving.items()),
        *(Row(id="", what=f"memory, {who}, {name}", value=ours.memory_mb[name], unit="MB") for name in OURS),
        Row(id="", what=f"machine used by others, {who}", value=ours.others * 100, unit="%"),
    ]  # fmt: skip


def _line(users: int, name: str, figures: Figures) -> str:
    cpu = ", ".join(f"{who} {value:.0f}" for who, value in figures.cpu_s.items() if value >= 0.5)
    return (
        f"{users:>4} users, {name:<13} first token {figures.first_p50:+7.1f} / {figures.first_p99:+8.1f} ms, "
        f"lag {figures.lag_p50:6.1f} / {figures.lag_p99:7.1f} ms (p50 / p99), whole answer "
        f"{figures.answer_p50 / 1e3:.2f} s; CPU-s per 1M tokens: {cpu}"
    )


def _percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]
