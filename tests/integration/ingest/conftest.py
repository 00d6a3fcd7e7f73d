"""The sandbox, and the whole service in this process: real RabbitMQ, SQLite, files and vectors."""

from collections.abc import AsyncIterator

import pytest

from services.ingest.extract.sandbox import Sandbox
from tests.support.ingest import Ingest


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as running:
        yield running


@pytest.fixture
async def ingest(tmp_path, amqp_url) -> AsyncIterator[Ingest]:
    async with Ingest(tmp_path, amqp_url) as running:
        yield running
