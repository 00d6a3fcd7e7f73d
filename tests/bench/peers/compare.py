"""What was seen of one contender, and the rows that set it beside Tokenline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.bench.machine import Meter
from tests.bench.rows import Row
from tests.bench.streaming.work import Outcome, percentile

OURS = "Tokenline"
_SHARE_OF_PEER = {"gradio": 100 / 8, "chainlit": 100 / 4}


@dataclass(frozen=True)
class Seen:
    """``serving`` are the names of the contender's own processes."""

    outcome: Outcome
    meter: Meter
    serving: Sequence[str]

    @property
    def cpu_s(self) -> float:
        """Per million tokens, all serving processes."""
        tokens = len(self.outcome.lag_ms)
        return sum(self.meter.cpu_s[name] for name in self.serving) * 1e6 / tokens

    @property
    def memory_mb(self) -> float:
        return sum(self.meter.memory_bytes[name] for name in self.serving) / 1e6

    def line(self, users: int, name: str) -> str:
        machine = ", ".join(f"{who} {share:.0%}" for who, share in self.meter.machine.items())
        return (
            f"{users:>4} users, {name:<13} whole answer {percentile(self.outcome.answer_ms, 0.5) / 1e3:.1f} s; "
            f"of the machine: {machine}, others {self.meter.others:.0%}"
        )


def rows(users: int, floor: Outcome, seen: Mapping[str, Seen]) -> list[Row]:
    """Tokenline first, then each peer, then what we cost of each."""
    found = [row for name, of in seen.items() for row in _rows(f"{name}, {users} users", floor, of)]
    ours = seen[OURS]
    return found + [
        Row(id="T4", what=f"CPU of {OURS}, share of {name}'s", value=ours.cpu_s / of.cpu_s * 100, unit="%",
            target=_SHARE_OF_PEER.get(name))
        for name, of in seen.items()
        if of is not ours
    ]  # fmt: skip


def _rows(who: str, floor: Outcome, seen: Seen) -> list[Row]:
    def added(values: Sequence[float], least: Sequence[float], share: float) -> float:
        return percentile(values, share) - percentile(least, share)

    outcome = seen.outcome
    return [
        Row(id="T1", what=f"first token added, {who}, p50", value=added(outcome.first_ms, floor.first_ms, 0.5),
            unit="ms"),
        Row(id="T1", what="  p99", value=added(outcome.first_ms, floor.first_ms, 0.99), unit="ms"),
        Row(id="T3", what="  lag added per token, p99", value=added(outcome.lag_ms, floor.lag_ms, 0.99), unit="ms"),
        Row(id="T4", what="  CPU per 1M tokens, all serving processes", value=seen.cpu_s, unit="s"),
        Row(id="", what="  memory", value=seen.memory_mb, unit="MB"),
        Row(id="", what="  time to the whole answer, p50", value=percentile(outcome.answer_ms, 0.5) / 1e3, unit="s"),
        Row(id="", what="  of these seconds the model's", value=percentile(floor.answer_ms, 0.5) / 1e3, unit="s"),
    ]  # fmt: skip
