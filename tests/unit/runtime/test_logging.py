"""What a log says of an error: where it came from, and never what it quotes (B2)."""

import io
import json
import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NoReturn

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from tokenline.contracts.errors import BrokerUnavailable
from tokenline.contracts.tickets import TicketState
from tokenline.runtime.logging import as_json, configure_logging, tell_where

SECRET = "what somebody said"


def fail(error: BaseException) -> NoReturn:
    raise error


def told(error: BaseException) -> str:
    try:
        fail(error)
    except BaseException as caught:
        event = tell_where(None, "error", {"event": "x.failed", "exc_info": caught})
    assert set(event) == {"event", "exception"}
    text: str = event["exception"]
    return text


def test_an_error_is_told_by_its_kind_and_its_place() -> None:
    text = told(ValueError(SECRET))
    assert "in told" in text
    assert "builtins.ValueError" in text
    assert SECRET not in text


def test_so_are_its_causes_and_those_in_a_group() -> None:
    try:
        fail(KeyError(SECRET))
    except KeyError as first:
        chained = RuntimeError(SECRET)
        chained.__cause__ = first
    text = told(ExceptionGroup(SECRET, [chained, TypeError(SECRET)]))
    assert [kind for kind in ("KeyError", "RuntimeError", "TypeError", "ExceptionGroup") if kind not in text] == []
    assert SECRET not in text


@pytest.mark.parametrize("error", [BrokerUnavailable("No broker."), OSError(28, "No space left on device")])
def test_what_is_ours_or_the_systems_is_told_in_words(error: Exception) -> None:
    assert str(error) in told(error)


@pytest.mark.parametrize("nothing", [{}, {"exc_info": None}, {"exc_info": (None, None, None)}, {"exc_info": False}])
def test_without_an_error_there_is_nothing_to_tell(nothing: dict[str, object]) -> None:
    assert tell_where(None, "error", {"event": "x", **nothing}) == {"event": "x"}


def _loggers() -> list[logging.Logger]:
    root = logging.getLogger()
    return [root, *(one for one in root.manager.loggerDict.values() if isinstance(one, logging.Logger))]


@pytest.fixture
def logging_again() -> Iterator[None]:
    """Leaves logging as it was: other tests of this process listen to what libraries say."""
    root = logging.getLogger()
    handlers = root.handlers
    levels = {one: one.level for one in _loggers()}
    yield
    root.handlers = handlers
    for one in _loggers():
        one.setLevel(levels.get(one, logging.NOTSET))
    structlog.reset_defaults()


@pytest.mark.usefixtures("logging_again")
def test_libraries_are_told_of_in_the_same_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """As uvicorn, which logs whatever reaches it."""
    out = io.StringIO()
    monkeypatch.setattr("sys.stderr", out)
    configure_logging("test", "INFO")
    try:
        fail(ValueError(SECRET))
    except ValueError:
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application")
    [line] = out.getvalue().splitlines()
    assert "ValueError" in json.loads(line)["exception"]
    assert SECRET not in line


@pytest.mark.usefixtures("logging_again")
def test_our_own_events_are_a_line_of_json_each(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr("sys.stderr", out)
    configure_logging("test", "INFO")
    log = structlog.get_logger()
    log.debug("left.out")
    log.info("ticket.ended", ticket_id="t\n1", state=TicketState.COMPLETE, of=object)
    try:
        fail(ValueError(SECRET))
    except ValueError:
        log.exception("run.failed")
    first, second = map(json.loads, out.getvalue().splitlines())
    assert (first["event"], first["ticket_id"], first["state"]) == ("ticket.ended", "t\n1", "complete")
    assert (first["service"], first["level"], first["of"]) == ("test", "info", "<class 'object'>")
    assert (second["level"], "ValueError" in second["exception"]) == ("error", True)
    assert SECRET not in out.getvalue()


@pytest.mark.usefixtures("logging_again")
def test_a_line_has_its_fields_in_one_order(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr("sys.stderr", out)
    configure_logging("worker-1", "INFO")
    structlog.get_logger().info("ticket.claimed", ticket_id="t1", attempt=2)
    line = re.sub(r"\d", "9", out.getvalue())
    assert re.sub(r"\.9{6}Z", "Z", line) == (
        '{"ticket_id":"t9","attempt":9,"event":"ticket.claimed","service":"worker-9","level":"info",'
        '"timestamp":"9999-99-99T99:99:99Z"}\n'
    )


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
    | st.sampled_from(["\n", "é", "\U0001f600", "\udc80", 2**70, -(2**70)]),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=3), values, max_size=3),
    max_leaves=6,
)  # fmt: skip


@given(st.dictionaries(st.text(max_size=5), json_values, max_size=5))
def test_whatever_json_has_a_word_for_is_read_back_as_it_was(event: dict[str, object]) -> None:
    line = as_json(None, "info", dict(event))
    assert json.loads(line) == json.loads(json.dumps(event))
    assert line.isascii()
    assert line.splitlines() == [line]


@given(st.datetimes(timezones=st.just(UTC)), st.sampled_from(["plain", "é", "\udc80"]))
def test_the_time_reads_the_same_in_every_line(at: datetime, event: str) -> None:
    told = json.loads(as_json(None, "info", {"event": event, "timestamp": at}))["timestamp"]
    assert told == at.isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize("event", ["plain", "é", "\udc80"])
def test_what_json_has_no_word_for_is_told_as_python_would(event: str) -> None:
    line = as_json(None, "info", {"event": event, "of": object, "error": KeyError("x"), "many": [1j]})
    assert json.loads(line) == {"event": event, "of": "<class 'object'>", "error": "KeyError('x')", "many": ["1j"]}


@pytest.mark.parametrize(
    "value", [TicketState.QUEUED, {1}, b"ab", float("nan"), {("a", 1): 2}, datetime(2026, 1, 2, tzinfo=UTC)]
)
def test_a_letter_beyond_ascii_changes_no_other_field(value: object) -> None:
    plain = json.loads(as_json(None, "info", {"value": value, "user": "Zoe"}))
    odd = json.loads(as_json(None, "info", {"value": value, "user": "Zoë"}))
    assert odd == plain | {"user": "Zoë"}


@pytest.mark.usefixtures("logging_again")
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), ValueError("closed file")])
def test_what_cannot_be_written_down_hinders_nobody(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    class Full(io.StringIO):
        def write(self, _: str) -> NoReturn:
            raise error

    monkeypatch.setattr("sys.stderr", Full())
    configure_logging("test", "INFO")
    structlog.get_logger().info("ticket.ended")
