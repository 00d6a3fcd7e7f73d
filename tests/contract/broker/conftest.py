"""``engine`` runs a test against the in-memory twin and against RabbitMQ; ``connect`` gives connected clients."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.contract.broker.engines import Engine, MemoryEngine, RabbitEngine
from tests.support.broker import LIMIT_S, eventually, no_tasks_left
from tokenline.core.ports.broker import Broker

Connect = Callable[..., Awaitable[Broker]]


@pytest.fixture(params=["memory", "rabbitmq"])
def engine(request: pytest.FixtureRequest) -> Engine:
    if request.param == "memory":
        return MemoryEngine()
    return RabbitEngine(request.getfixturevalue("broker_node"), request.getfixturevalue("vhost"))


@pytest.fixture
async def connect(engine: Engine) -> AsyncIterator[Connect]:
    """Connected clients, closed at the end; then no task and no connection may be left."""
    clients: list[Broker] = []

    async def connected(name: str = "one") -> Broker:
        client = engine.broker(name)
        clients.append(client)
        async with asyncio.timeout(LIMIT_S):
            await client.connect()
        return client

    async def none_connected() -> bool:
        return await engine.connections() == []

    yield connected
    for client in clients:
        await client.close()
    await no_tasks_left()
    await eventually(none_connected)


@pytest.fixture
async def broker(connect: Connect) -> Broker:
    return await connect()
