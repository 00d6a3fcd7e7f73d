"""One system for all that OpenAI clients are promised; every test is a user of its own."""

import itertools
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from openai import AsyncOpenAI, OpenAI

from deploy.local.rabbitmq import NodeHandle
from tests.support.system import System, shared_system

_users = itertools.count(1)

AGENTS = """
[[agents]]
id = "assistant"
name = "Assistant"
model = "scripted"
max_tokens = 500
temperature = 0.5

[[agents]]
id = "seeing"
name = "Seeing"
model = "scripted"
capabilities = ["vision"]

[[agents]]
id = "looking"
name = "Looking"
model = "scripted"
tools = ["search_files", "current_time"]

[[agents]]
id = "alone"
name = "Alone"
model = "scripted"
pool = "alone"

[[agents]]
id = "unserved"
name = "Unserved"
model = "scripted"
pool = "unserved"
"""
"""A worker serves one pool: nobody serves the last one."""


@pytest.fixture(scope="package")
def house(broker_node: NodeHandle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    folder = tmp_path_factory.mktemp("openai")
    (folder / "agents.toml").write_text(AGENTS)
    with shared_system(broker_node, folder) as system:
        system.for_all(TOKENLINE_AGENTS_FILE=str(folder / "agents.toml"))
        system.scripted_model()
        system.ingest()
        system.worker()
        system.worker(2, slots=1, TOKENLINE_POOL="alone")
        system.gateway()
        system.gateway(2, TOKENLINE_POOL_LIMIT="1", TOKENLINE_QUEUE_TIMEOUT_S="1")
        yield system


@pytest.fixture
def keys(house: System) -> Callable[[], str]:
    """Makes API keys, each of a user who has asked nothing yet."""

    def make() -> str:
        with house.client(f"user{next(_users)}@example.org") as client:
            key: str = client.post("/api/v1/api-keys", json={"name": "program"}).json()["key"]
            return key

    return make


@pytest.fixture
def key(keys: Callable[[], str]) -> str:
    return keys()


@pytest.fixture
def client(house: System, key: str) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{house.url()}/v1", api_key=key, max_retries=0, timeout=30) as client:
        yield client


@pytest.fixture
async def async_client(house: System, key: str) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=f"{house.url()}/v1", api_key=key, max_retries=0, timeout=30) as client:
        yield client
