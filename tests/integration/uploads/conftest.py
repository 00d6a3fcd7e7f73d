"""A gateway in this process, its clock, and somebody who is signed in there."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from tests.support.in_process.whole_gateway import WholeGateway, whole_gateway
from tokenline.core.clock import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def house(tmp_path: Path, clock: ManualClock) -> AsyncIterator[WholeGateway]:
    async with whole_gateway(tmp_path, clock=clock) as gateway:
        yield gateway


@pytest.fixture
async def ann(house: WholeGateway) -> AsyncIterator[httpx2.AsyncClient]:
    async with house.person() as person:
        yield person
