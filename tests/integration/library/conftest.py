"""A gateway as it is served, and two people."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from tests.support.in_process.whole_gateway import WholeGateway, whole_gateway


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[WholeGateway]:
    async with whole_gateway(tmp_path) as gateway:
        yield gateway


@pytest.fixture
async def ann(gateway: WholeGateway) -> AsyncIterator[httpx2.AsyncClient]:
    async with gateway.person("ann@example.org") as client:
        yield client


@pytest.fixture
async def eve(gateway: WholeGateway) -> AsyncIterator[httpx2.AsyncClient]:
    async with gateway.person("eve@example.org") as client:
        yield client
