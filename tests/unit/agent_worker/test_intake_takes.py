"""When the intake takes tickets: what is wanted last stands, whatever failed or came in between."""

import asyncio
from types import SimpleNamespace
from typing import cast

import pytest

from services.agent_worker.deps import Deps
from services.agent_worker.intake import Intake
from services.agent_worker.settings import WorkerSettings
from tokenline.contracts.errors import BrokerUnavailable
from tokenline.runtime.supervisor import Supervisor


class Taps:
    """A broker with consumers only. ``away``: it cannot be reached. ``slow``: consuming waits for it."""

    def __init__(self) -> None:
        self.open = 0
        self.away = False
        self.slow = asyncio.Event()
        self.slow.set()

    async def consume(self, *_: object, **__: object) -> "Taps":
        await self.slow.wait()
        if self.away:
            raise BrokerUnavailable
        self.open += 1
        return self

    async def cancel(self) -> None:
        self.open -= 1


@pytest.fixture
def taps() -> Taps:
    return Taps()


@pytest.fixture
def intake(taps: Taps) -> Intake:
    deps = cast(Deps, SimpleNamespace(broker=taps))
    return Intake(deps, WorkerSettings(port=1), "i", Supervisor())


async def test_a_pool_resumed_while_the_broker_was_away_is_served_when_said_again(intake: Intake, taps: Taps) -> None:
    await intake.start()
    await intake.pause(paused=True)
    taps.away = True
    with pytest.raises(BrokerUnavailable):
        await intake.pause(paused=False)
    taps.away = False
    await intake.pause(paused=False)
    assert taps.open == 1


async def test_saying_it_twice_takes_once(intake: Intake, taps: Taps) -> None:
    await intake.pause(paused=False)
    assert taps.open == 0, "not started yet"
    taps.slow.clear()
    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(intake.start())
        await asyncio.sleep(0)
        taps.slow.set()
    assert taps.open == 1


@pytest.mark.parametrize("stop", ["pause", "drain"])
async def test_what_is_stopped_while_it_begins_takes_nothing(intake: Intake, taps: Taps, stop: str) -> None:
    taps.slow.clear()
    starting = asyncio.create_task(intake.start())
    await asyncio.sleep(0)
    await (intake.pause(paused=True) if stop == "pause" else intake.drain())
    taps.slow.set()
    await starting
    assert taps.open == 0
    await intake.pause(paused=False)
    assert taps.open == (1 if stop == "pause" else 0)
