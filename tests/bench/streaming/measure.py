"""Runs the contenders in turn, several times, and makes figures of it."""

from collections.abc import Callable, Sequence
from functools import partial
from statistics import median

import msgspec

from tests.bench.machine import Meter
from tests.bench.rows import Row
from tests.bench.streaming import direct, tokenline
from tests.bench.streaming.stage import Stage, stage
from tests.bench.streaming.work import SCRIPT, Judge, Outcome, percentile

OURS = ("gateway", "broker", "worker")
_QUIET = 0.1
"""Share of the machine that others may use before their work shows in ours."""
_FIRST_P50_MS = 5.0
_FIRST_P99_MS = {50: 15.0, 200: 60.0, 500: 100.0}
_LAG_P50_MS = 6.0
_LAG_P99_MS = {200: 12.0, 500: 20.0}
_CPU_S = {200: 75.0}
_CROWD = 500


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


def run(users: Sequence[int], runs: int) -> list[Row]:
    """Start everything once, measure every number of users ``runs`` times. Blocks for two minutes."""
    with stage(max(users)) as built:
        return [row for number in users for row in _rows(number, _compare(number, runs, built))]


def run_crowd(runs: int) -> list[Row]:
    """T2: more users than one worker has to serve. Blocks for a minute."""
    with stage(_CROWD, workers=2) as built:
        return _crowd_rows(_compare(_CROWD, runs, built))


def _compare(users: int, runs: int, built: Stage) -> dict[str, Figures]:
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
    return figures


def _figures(users: int, seen: Sequence[tuple[Outcome, Meter]]) -> Figures:
    def of(values: Callable[[Outcome], list[float]], share: float) -> float:
        return median(percentile(values(outcome), share) for outcome, _ in seen)

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


def _rows(users: int, figures: dict[str, Figures]) -> list[Row]:
    floor, customary, ours = figures["bare sockets"], figures["openai client"], figures["Tokenline"]
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


def _crowd_rows(figures: dict[str, Figures]) -> list[Row]:
    floor, customary, ours = figures["bare sockets"], figures["openai client"], figures["Tokenline"]
    who = f"{_CROWD} users, two workers"
    return [
        Row(id="T2", what=f"first token added, {who}, p50", value=ours.first_p50 - floor.first_p50, unit="ms"),
        Row(id="T2", what=f"first token added, {who}, p99", value=ours.first_p99 - floor.first_p99, unit="ms",
            target=_FIRST_P99_MS[_CROWD]),
        Row(id="T2", what="  by the openai client alone, p99", value=customary.first_p99 - floor.first_p99, unit="ms"),
        Row(id="T3", what=f"lag added per token, {who}, p50", value=ours.lag_p50 - floor.lag_p50, unit="ms",
            target=_LAG_P50_MS),
        Row(id="T3", what=f"lag added per token, {who}, p99", value=ours.lag_p99 - floor.lag_p99, unit="ms",
            target=_LAG_P99_MS[_CROWD]),
        *(Row(id="T4", what=f"CPU per 1M tokens, {who}, {name}", value=ours.cpu_s[name], unit="s") for name in OURS),
        *(
            Row(id="", what=f"machine used by {name}, {who}", value=share * 100, unit="%")
            for name, share in (ours.machine | {"others": ours.others}).items()
        ),
    ]  # fmt: skip


def _line(users: int, name: str, figures: Figures) -> str:
    cpu = ", ".join(f"{who} {value:.0f}" for who, value in figures.cpu_s.items() if value >= 0.5)
    machine = ", ".join(f"{who} {value:.0%}" for who, value in figures.machine.items() if value >= 0.005)
    return (
        f"{users:>4} users, {name:<13} first token {figures.first_p50:+7.1f} / {figures.first_p99:+8.1f} ms, "
        f"lag {figures.lag_p50:6.1f} / {figures.lag_p99:7.1f} ms (p50 / p99), whole answer "
        f"{figures.answer_p50 / 1e3:.2f} s\n     CPU-s per 1M tokens: {cpu}; of the machine: {machine}"
    )
