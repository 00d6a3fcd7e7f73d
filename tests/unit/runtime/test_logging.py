"""What a log says of an error: where it came from, and never what it quotes (B2)."""

import io
import json
import logging
from collections.abc import Iterator
from typing import NoReturn

import pytest
import structlog

from tokenline.contracts.errors import BrokerUnavailable
from tokenline.contracts.tickets import TicketState
from tokenline.runtime.logging import configure_logging, tell_where

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
    structlog.contextvars.clear_contextvars()


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


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), ValueError("closed file")])
@pytest.mark.usefixtures("logging_again")
def test_what_cannot_be_written_down_hinders_nobody(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    class Full(io.StringIO):
        def write(self, _: str) -> NoReturn:
            raise error

    monkeypatch.setattr("sys.stderr", Full())
    configure_logging("test", "INFO")
    structlog.get_logger().info("ticket.ended")
