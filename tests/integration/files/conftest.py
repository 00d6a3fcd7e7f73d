"""A gateway as it is served, on a clock that stands still, and its owner of files."""

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
async def gateway(tmp_path: Path, clock: ManualClock) -> AsyncIterator[WholeGateway]:
    async with whole_gateway(tmp_path, clock=clock) as gateway:
        yield gateway


@pytest.fixture
async def ann(gateway: WholeGateway) -> AsyncIterator[httpx2.AsyncClient]:
    async with gateway.person("ann@example.org") as client:
        yield client


@pytest.fixture
async def eve(gateway: WholeGateway) -> AsyncIterator[httpx2.AsyncClient]:
    async with gateway.person("eve@example.org") as client:
        yield client
