import json
from pathlib import Path

import pytest

from deploy.local.terminal import LogTail, last_line, worth_showing


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ('{"event": "ticket.queued", "level": "info"}', None),
        ('{"event": "broker.lost", "level": "warning", "host": "h"}', "warning broker.lost host=h"),
        ('{"event": "run.failed", "level": "ERROR", "timestamp": "t"}', "ERROR run.failed"),
        ("INFO:     Uvicorn running", None),
        ("ERROR:    [Errno 98] address already in use", "ERROR:    [Errno 98] address already in use"),
        ("ValueError: no such pool", "ValueError: no such pool"),
        ("no errors were found", None),
        ("{broken json", None),
        ("", None),
    ],
)
def test_only_what_needs_somebody_is_shown(line: str, shown: str | None) -> None:
    assert worth_showing(line) == shown


def warning(number: int) -> str:
    return json.dumps({"event": "odd", "level": "warning", "n": number}) + "\n"


def test_a_tail_shows_what_came_since(tmp_path: Path) -> None:
    log = tmp_path / "gateway-1.log"
    log.write_text(warning(0))
    tail = LogTail("gateway-1", log)
    assert tail.news() == []
    with log.open("a") as file:
        file.write(warning(1)[:10])
        file.flush()
        assert tail.news() == []  # half a line is no line
        file.write(warning(1)[10:])
    assert tail.news() == ["  gateway-1: warning odd n=1"]
    assert tail.news() == []


def test_a_flood_is_cut(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    tail = LogTail("x", log)
    log.write_text("".join(warning(i) for i in range(100)))
    news = tail.news()
    assert len(news) == 6
    assert "95 more lines" in news[-1]


def test_a_log_that_was_replaced_is_read_from_its_beginning(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    log.write_text("old\n" * 100)
    tail = LogTail("x", log)
    log.write_text(warning(7))
    assert tail.news() == ["  x: warning odd n=7"]


def test_last_line_skips_blank_ones(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    assert last_line(log) == "nothing"
    log.write_text("first\nthe reason\n\n  \n")
    assert last_line(log) == "the reason"
