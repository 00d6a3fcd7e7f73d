"""What was told on joining the line is compared with the first token, once."""

from types import SimpleNamespace

import pytest
from msgspec.structs import replace

from tests.support.line_entries import a_heartbeat, an_entry, claimed, completed
from tokenline.contracts import metrics as m
from tokenline.contracts.events import LineEntry, TicketChanged
from tokenline.contracts.tickets import TicketState
from tokenline.core.clock import ManualClock
from tokenline.core.ledger import Ledger
from tokenline.runtime.eta_accuracy import EtaAccuracy
from tokenline.runtime.metrics import Metrics

NOW = 1_000.0


class Listening:
    """A ledger with a busy slot whose answer, like those before it, ends ten seconds after ``NOW``."""

    def __init__(self) -> None:
        self.clock = ManualClock(NOW)
        self.metrics = Metrics(m.ETA_ERROR, m.ETA_RANGE)
        self.ledger = Ledger()
        self.accuracy = EtaAccuracy(SimpleNamespace(ledger=self.ledger), self.metrics, self.clock)  # type: ignore[arg-type]
        self.ledger.see_worker(a_heartbeat(NOW, slots=1))
        for number in range(900, 920):
            self.hear(an_entry(number, NOW - 100))
            self.hear(running := claimed(an_entry(number, NOW - 100), NOW - 20))
            self.hear(completed(running, NOW - 10))
        self.hear(an_entry(1, NOW))
        self.hear(claimed(an_entry(1, NOW), NOW))

    def hear(self, entry: LineEntry) -> None:
        self.ledger.apply(entry)
        self.accuracy.on_event(TicketChanged(entry=entry))

    def asked(self, number: int = 2) -> LineEntry:
        waiting = an_entry(number, self.clock.now())
        self.hear(waiting)
        return waiting

    def first_token(self, waiting: LineEntry, at: float) -> None:
        running = claimed(waiting, at)
        self.hear(replace(running, state=TicketState.STREAMING, version=running.version + 1, first_token_at=at))

    def counted(self, name: str) -> str:
        lines = self.metrics.exposition().decode().splitlines()
        return " ".join(line.split(" ")[-1] for line in lines if line.startswith(name))


@pytest.mark.parametrize(("after_s", "outcome"), [(5, "sooner"), (10, "within"), (10.4, "within"), (30, "later")])
def test_a_first_token_is_held_against_the_range_and_the_likely_time(after_s, outcome):
    line = Listening()
    line.first_token(line.asked(), NOW + after_s)
    assert line.counted(f'tokenline_eta_range_total{{outcome="{outcome}"') == "1.0"
    assert float(line.counted("tokenline_eta_error_seconds_sum")) == pytest.approx(abs(after_s - 10))


def test_what_came_without_a_first_token_is_not_judged_nor_kept():
    line = Listening()
    waiting = line.asked()
    line.hear(replace(waiting, state=TicketState.CANCELLED, version=2, finished_at=NOW + 1))
    assert line.counted("tokenline_eta_error_seconds_count") == ""
    assert list(line.accuracy._told) == ["ticket-00001"]


def test_one_that_waits_again_is_held_to_what_it_was_told_first():
    line = Listening()
    waiting = line.asked()
    line.clock.advance(20)
    line.hear(replace(waiting, version=5, priority=9))
    line.first_token(replace(waiting, version=6), NOW + 40)
    assert float(line.counted("tokenline_eta_error_seconds_sum")) == pytest.approx(30)
