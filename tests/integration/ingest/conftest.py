"""The sandbox, and the whole service in this process: real RabbitMQ, SQLite, files and vectors."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from services.ingest.extract.sandbox import Sandbox
from tests.support.ingest import Ingest


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox() -> AsyncIterator[Sandbox]:
    """One for all tests of a module, which run in its loop: starting it takes a second."""
    async with Sandbox() as running:
        yield running


@pytest.fixture
async def ingest(tmp_path, amqp_url) -> AsyncIterator[Ingest]:
    async with Ingest(tmp_path, amqp_url) as running:
        yield running
