"""What a task in trouble logs."""

import asyncio
from collections.abc import Iterator

import pytest
import structlog
from structlog.testing import LogCapture

from tokenline.contracts.errors import BrokerUnavailable
from tokenline.runtime import supervisor
from tokenline.runtime.supervisor import Supervisor


@pytest.fixture
def logged() -> Iterator[LogCapture]:
    capture = LogCapture()
    former = structlog.get_config()["processors"]
    structlog.configure(processors=[capture])
    yield capture
    structlog.configure(processors=former)


async def test_trouble_is_logged_once_per_change(logged: LogCapture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "RETRY_S", 0.0)
    outcomes = [BrokerUnavailable("away")] * 3 + [BrokerUnavailable("full")] * 2 + [ValueError("odd")] * 2 + [None]

    async def work() -> None:
        if (outcome := outcomes.pop(0)) is not None:
            raise outcome

    async with Supervisor() as tasks, asyncio.timeout(5):
        await tasks.until_done("declare", work)
    assert [entry.get("problem") for entry in logged.entries] == ["away", "full", None]
    assert [bool(entry.get("exc_info")) for entry in logged.entries] == [False, False, True]


async def test_trouble_that_comes_back_is_logged_again(logged: LogCapture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "RETRY_S", 0.0)
    outcomes = [BrokerUnavailable("away"), BrokerUnavailable("away"), None, BrokerUnavailable("away"), None]
    done = asyncio.Event()

    async def work() -> None:
        if not outcomes:
            done.set()
        elif (outcome := outcomes.pop(0)) is not None:
            raise outcome

    async with Supervisor() as tasks, asyncio.timeout(5):
        tasks.forever("sweep", work)
        await done.wait()
    assert [entry["problem"] for entry in logged.entries] == ["away", "away"]


async def test_what_is_run_to_its_end_outlives_its_caller() -> None:
    under_way, may_end, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def work() -> int:
        under_way.set()
        await may_end.wait()
        ended.set()
        return 7

    async with Supervisor() as tasks, asyncio.timeout(5):
        caller = asyncio.create_task(tasks.to_the_end("work", work()))
        await under_way.wait()
        caller.cancel()
        await asyncio.wait([caller])
        may_end.set()
        await ended.wait()
        assert await tasks.to_the_end("work", work()) == 7
