"""One line for all tests of the clients: two gateways, a worker with two slots, the scripted model."""

import re
import signal
from collections.abc import AsyncIterator, Iterator

import httpx2
import pytest

from deploy.local.rabbitmq import NodeHandle
from tests.support.system import System
from tokenline.client import AsyncTokenline

LIMIT_S = 120
"""Of a whole test, however it waits: the client is made to wait for ever, so a lost frame would be waited for, too."""
PASSWORD = "a long password"
"""Of every account that a test makes."""


@pytest.fixture(autouse=True)
def limited(line: System) -> Iterator[None]:
    """In the main thread, where tests and their event loops run. ``line``: starting it is not counted."""

    def over(*_: object) -> None:
        raise TimeoutError(f"The test took longer than {LIMIT_S} s.")

    former = signal.signal(signal.SIGALRM, over)
    signal.alarm(LIMIT_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, former)


@pytest.fixture(scope="package")
def line(tmp_path_factory: pytest.TempPathFactory, broker_node: NodeHandle) -> Iterator[System]:
    name = f"client-{tmp_path_factory.getbasetemp().name}"
    broker_node.add_vhost(name)
    system = System(tmp_path_factory.mktemp("line"), broker_node.amqp_url(name))
    try:
        system.scripted_model()
        system.ingest()
        system.worker(slots=2)
        system.gateway(1)
        system.gateway(2)
        yield system
    finally:
        system.close()
        broker_node.delete_vhost(name, wait=False)


@pytest.fixture
def key(line: System, request: pytest.FixtureRequest) -> str:
    """An API key of a user of this test's own."""
    return key_of(line, email_of(request))


def key_of(line: System, email: str) -> str:
    token = line.sign_in(email)["access_token"]
    url = f"{line.url()}/api/v1/api-keys"
    made = httpx2.post(url, json={"name": "test"}, headers={"authorization": f"Bearer {token}"})
    value: str = made.json()["key"]
    return value


def email_of(request: pytest.FixtureRequest) -> str:
    return f"{re.sub(r'[^a-z0-9]+', '-', request.node.name.lower())[:50].strip('-')}@example.org"


@pytest.fixture
async def client(line: System, key: str) -> AsyncIterator[AsyncTokenline]:
    async with AsyncTokenline(line.url(), api_key=key) as client:
        yield client
