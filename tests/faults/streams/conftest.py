"""One house for the folder: two gateways, two wide workers, and a narrow one for whoever has to wait."""

from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from deploy.local.rabbitmq import NodeHandle
from tests.faults.evidence import store_of
from tests.support.system import System
from tokenline.core.ports.store import Store

GRACE_S = 4
AGENTS = """
[[agents]]
id = "wide"
name = "Wide"
model = "scripted"

[[agents]]
id = "narrow"
name = "Narrow"
model = "scripted"
pool = "narrow"
"""


class House:
    """Every test leaves all of it running."""

    def __init__(self, system: System) -> None:
        self.system = system

    def worker(self, number: int) -> None:
        self.system.worker(number, slots=200)

    def gateway(self, number: int) -> None:
        self.system.gateway(number)

    def fill(self) -> None:
        self.system.scripted_model()
        with ThreadPoolExecutor(3) as starting:
            first = starting.submit(self.gateway, 1)
            rest = [starting.submit(self.worker, 1), starting.submit(self.worker, 2)]
            for started in (first, *rest):
                started.result()
            rest = [
                starting.submit(self.gateway, 2),
                starting.submit(self.system.worker, 3, slots=1, TOKENLINE_POOL="narrow"),
            ]
            for started in rest:
                started.result()


@pytest.fixture(scope="package")
def house(broker_node: NodeHandle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    vhost = f"test-{uuid4().hex[:12]}"
    broker_node.add_vhost(vhost)
    folder = tmp_path_factory.mktemp("house")
    (folder / "agents.toml").write_text(AGENTS)
    system = System(folder, broker_node.amqp_url(vhost))
    system.for_all(TOKENLINE_AGENTS_FILE=str(folder / "agents.toml"), TOKENLINE_GRACEFUL_S=str(GRACE_S))
    try:
        house = House(system)
        house.fill()
        yield house
    finally:
        system.close()
        broker_node.delete_vhost(vhost, wait=False)


@pytest.fixture
def system(house: House) -> System:
    return house.system


@pytest.fixture
async def store(house: House) -> AsyncIterator[Store]:
    async with store_of(house.system) as store:
        yield store
