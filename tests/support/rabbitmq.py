"""Fixtures for a real RabbitMQ: `amqp_url` for nearly everything, `own_node` for tests that break the broker.

`broker_node` is one node for the whole test run, shared by all xdist processes. `amqp_url` is a fresh virtual
host on it (about 30 ms), so tests share no queue, no exchange and no alarm but those of memory and disk.
"""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from deploy.local.errors import LocalError
from deploy.local.rabbitmq import NodeHandle, PrivateNode
from deploy.local.rabbitmq_install import server_home
from tests.support.engines import missing
from tests.support.shared_node import take_lease


def _require_rabbitmq() -> None:
    if server_home() is None:
        missing("RabbitMQ", "python3 deploy/local/bootstrap.py --for test")


@pytest.fixture(scope="session")
def broker_node(testrun_uid: str) -> Iterator[NodeHandle]:
    """The run's shared node. Never stop it: use `own_node` for that."""
    _require_rabbitmq()
    folder = Path(tempfile.gettempdir()) / f"tokenline-{testrun_uid[:12]}"
    try:
        lease = take_lease(folder)
    except LocalError as error:
        pytest.fail(str(error), pytrace=False)
    with lease:
        yield NodeHandle(folder / "rabbitmq")


@pytest.fixture
def vhost(broker_node: NodeHandle) -> Iterator[str]:
    """The name of a fresh virtual host on the shared node."""
    name = f"test-{uuid4().hex[:12]}"
    broker_node.add_vhost(name)
    yield name
    broker_node.delete_vhost(name, wait=False)


@pytest.fixture
def amqp_url(broker_node: NodeHandle, vhost: str) -> str:
    """The address of a fresh virtual host on the shared node."""
    return broker_node.amqp_url(vhost)


@pytest.fixture
def own_node() -> Iterator[PrivateNode]:
    """A ready node of this test's own, to be stopped, killed, paused and wiped. Costs five seconds."""
    _require_rabbitmq()
    folder = Path(tempfile.mkdtemp(prefix="tokenline-node-"))
    try:
        with PrivateNode(folder) as node:
            yield node
    finally:
        shutil.rmtree(folder, ignore_errors=True)
