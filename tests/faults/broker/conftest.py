"""A private node per module, to be hurt. `node_broker` makes clients of it, `system` processes."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import pytest

from deploy.local.rabbitmq import PrivateNode
from deploy.local.rabbitmq_install import server_home
from tests.support.broker import no_tasks_left
from tests.support.engines import missing
from tests.support.system import System
from tokenline.adapters.broker_rabbitmq import RabbitBroker

CONNECT_LIMIT_S = 30.0


class NodeBroker(Protocol):
    async def __call__(self, name: str, *, connect: bool = True, url: str | None = None) -> RabbitBroker: ...


@pytest.fixture(scope="module")
def node() -> Iterator[PrivateNode]:
    if server_home() is None:
        missing("RabbitMQ", "python3 deploy/local/bootstrap.py --for test")
    folder = Path(tempfile.mkdtemp(prefix="tokenline-node-"))
    try:
        with PrivateNode(folder) as started:
            yield started
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def node_broker(node: PrivateNode) -> AsyncIterator[NodeBroker]:
    """Clients with the real jitter, closed at the end; then no task may be left."""
    clients: list[RabbitBroker] = []

    async def make(name: str, *, connect: bool = True, url: str | None = None) -> RabbitBroker:
        client = RabbitBroker(url or node.amqp_url(), name)
        clients.append(client)
        if connect:
            async with asyncio.timeout(CONNECT_LIMIT_S):
                await client.connect()
        return client

    yield make
    for client in clients:
        await client.close()
    await no_tasks_left()


@pytest.fixture
def vhost(node: PrivateNode) -> str:
    """The name of a fresh virtual host on the module's node."""
    name = f"test-{uuid4().hex[:12]}"
    node.add_vhost(name)
    return name


@pytest.fixture
def system(tmp_path: Path, node: PrivateNode, vhost: str) -> Iterator[System]:
    """Processes on that virtual host; nothing runs yet but the scripted model."""
    started = System(tmp_path, node.amqp_url(vhost))
    try:
        started.scripted_model()
        yield started
    finally:
        started.close()
