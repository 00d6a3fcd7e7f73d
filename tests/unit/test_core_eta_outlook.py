"""What feeds a pool's forecast, through the ledger: which times are samples, and whose slots become free."""

from typing import Any

from msgspec.structs import replace

from tests.support.line_entries import a_heartbeat, an_entry, claimed, completed
from tokenline.contracts.events import LineEntry
from tokenline.contracts.frames import Eta
from tokenline.contracts.tickets import TicketState
from tokenline.core.eta import Forecast
from tokenline.core.ledger import Ledger

POOL, NOW = "default", 1_000.0


def ledger_with(*, slots: int, seconds: float = 10.0) -> Ledger:
    """A worker, and twenty answers that took so long, their first token after a second."""
    ledger = Ledger()
    ledger.see_worker(a_heartbeat(NOW, slots=slots))
    for number in range(900, 920):
        answer(ledger, number, seconds)
    return ledger


def answer(ledger: Ledger, number: int, seconds: float, **end: Any) -> None:
    begun = start(ledger, number, NOW - 100)
    ledger.apply(replace(completed(begun, NOW - 100 + seconds), first_token_at=NOW - 99, **end))


def start(ledger: Ledger, number: int, at: float, **changes: Any) -> LineEntry:
    entry = an_entry(number, at)
    ledger.apply(entry)
    running = replace(claimed(entry, at), **changes)
    ledger.apply(running)
    return running


def told(ledger: Ledger, position: int = 0, now: float = NOW) -> Eta:
    forecast = ledger.forecast(POOL, now)
    assert forecast is not None
    return forecast.at(position, 4)


def samples(ledger: Ledger) -> int:
    return len(ledger.pool(POOL).outlook.service_times)


def test_stopped_and_failed_answers_held_a_slot_as_well():
    ledger = ledger_with(slots=1)
    answer(ledger, 1, 5.0, state=TicketState.CANCELLED)
    answer(ledger, 2, 5.0, state=TicketState.ERROR)
    assert samples(ledger) == 22


def test_what_was_withdrawn_while_it_waited_held_none():
    ledger = ledger_with(slots=1)
    waiting = an_entry(1, NOW)
    ledger.apply(waiting)
    ledger.apply(replace(waiting, state=TicketState.CANCELLED, version=2, finished_at=NOW + 50))
    back = start(ledger, 2, NOW)
    ledger.apply(replace(back, state=TicketState.QUEUED, version=3, worker_id=None))
    ledger.apply(replace(back, state=TicketState.CANCELLED, version=4, worker_id=None, finished_at=NOW + 50))
    assert samples(ledger) == 20


def test_what_was_met_running_is_no_sample_until_it_begins_again():
    ledger = ledger_with(slots=1)
    met = claimed(an_entry(1, NOW), NOW - 500)
    ledger.apply(met)
    again = replace(met, attempt=2, version=3, started_at=NOW)
    other = claimed(an_entry(2, NOW), NOW - 500)
    ledger.apply(other)
    ledger.apply(completed(other, NOW))
    assert samples(ledger) == 20
    ledger.apply(again)
    ledger.apply(completed(again, NOW + 10))
    assert samples(ledger) == 21


def test_an_idle_slot_is_free_at_once():
    ledger = ledger_with(slots=2)
    start(ledger, 1, NOW - 2)
    assert (told(ledger).likely_s, told(ledger, 1).likely_s) == (1.0, 9.0)


def test_a_slot_that_becomes_busy_is_news_at_once():
    ledger = ledger_with(slots=1)
    assert told(ledger).likely_s == 1.0
    start(ledger, 1, NOW)
    assert told(ledger).likely_s == 11.0


def test_behind_busy_slots_one_look_serves_a_quarter_of_a_second():
    ledger = ledger_with(slots=1)
    start(ledger, 1, NOW)
    look = ledger.forecast(POOL, NOW)
    assert ledger.forecast(POOL, NOW + 0.2) is look
    assert told(ledger, now=NOW + 4).likely_s == 7.0
    assert told(ledger, now=NOW).likely_s == 11.0


def test_a_draining_worker_frees_no_slot():
    ledger = ledger_with(slots=1)
    start(ledger, 1, NOW)
    ledger.see_worker(a_heartbeat(NOW, worker_id="worker-2", slots=1, draining=True))
    start(ledger, 2, NOW - 9, worker_id="worker-2")
    assert told(ledger).likely_s == 11.0


def test_tickets_of_a_worker_that_is_gone_come_back_first():
    ledger = ledger_with(slots=1)
    start(ledger, 1, NOW)
    start(ledger, 2, NOW, worker_id="worker-2")
    assert 20 <= told(ledger).likely_s <= 22


def test_a_paused_pool_has_no_forecast():
    ledger = ledger_with(slots=1)
    ledger.paused = frozenset({POOL})
    assert ledger.forecast(POOL, NOW) is None


def test_a_look_tells_of_its_moment_whenever_it_is_asked():
    """It reckons late, from what was kept; what happened meanwhile is in the next look."""

    def look() -> tuple[Ledger, Forecast]:
        ledger = ledger_with(slots=3)
        start(ledger, 1, NOW - 2)
        ledger.apply(claimed(an_entry(2, NOW - 500), NOW - 500))
        made = ledger.forecast(POOL, NOW)
        assert made is not None
        return ledger, made

    (_, at_once), (ledger, late) = look(), look()
    expected = [at_once.at(position, priority) for position in (0, 3, 9) for priority in (4, 9)]
    for number in range(10, 40):
        answer(ledger, number, 40.0)
        ledger.apply(an_entry(number + 100, NOW, priority=9))
    ledger.apply(completed(claimed(an_entry(1, NOW - 2), NOW - 2), NOW + 1))
    start(ledger, 3, NOW)
    ledger.apply(replace(claimed(an_entry(2, NOW - 500), NOW), version=3, attempt=2))
    ledger.see_worker(a_heartbeat(NOW, slots=3, draining=True))
    assert [late.at(position, priority) for position in (0, 3, 9) for priority in (4, 9)] == expected
    assert ledger.forecast(POOL, NOW) is None
