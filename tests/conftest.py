"""What holds for every test: the plugins of tests/support, a clean environment, who may run beside whom."""

import os
from collections.abc import Iterator

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

from tests.support.hashes import CHEAP, PROMISED, hash_with

# One line for each module of tests/support that has fixtures.
pytest_plugins = [
    "tests.support.browser",
    "tests.support.model",
    "tests.support.mongo",
    "tests.support.rabbitmq",
    "tests.support.system",
    "tests.support.tape",
]

# What each process of a run takes first; then whatever is left, from the front. Tests of faults mostly wait (taking a
# fifth of a core): two processes of them beside one of browsers and one that computes keep two cores busy, not crowded.
_FIRST = (
    ("tests/security", "tests/integration", "tests/contract"),
    ("tests/e2e",),
    ("tests/faults",),
    ("tests/faults",),
)
_BEHIND = 5
"""How much nicer the first of them is: it computes, and others wait for moments."""
_SCRUBBED = ("TOKENLINE_", "OPENAI_", "AMQP_", "MONGO_", "QDRANT_", "OTEL_")


def pytest_configure() -> None:
    """Settings of the developer's shell must not reach the code under test; a server of theirs may serve the tests."""
    if "MONGO_URL" in os.environ:
        os.environ["TEST_MONGO_URL"] = os.environ["MONGO_URL"]
    for name in [name for name in os.environ if name.startswith(_SCRUBBED)]:
        del os.environ[name]
    hash_with(CHEAP)
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is not None and first_of(worker) is _FIRST[0]:
        os.nice(_BEHIND)


@pytest.fixture
def costly_hashes() -> Iterator[None]:
    """As promised and in production."""
    hash_with(PROMISED)
    yield
    hash_with(CHEAP)


def first_of(worker: str) -> tuple[str, ...]:
    """``worker``: as xdist calls it."""
    return _FIRST[int(worker.removeprefix("gw")) % len(_FIRST)]


def together(config: pytest.Config, nodeid: str) -> str:
    """What stays in one process, with what its fixtures started: a file, or a folder that has a `conftest.py`."""
    path = nodeid.partition("::")[0]
    folder = path.rpartition("/")[0]
    return folder if (config.rootpath / folder / "conftest.py").exists() else path


class Together(LoadScopeScheduling):  # type: ignore[misc] # published without types
    """`--dist loadgroup` groups nothing under pytest 9.2, where xdist 3.8 cannot change the ids of tests."""

    def _split_scope(self, nodeid: str) -> str:
        return together(self.config, nodeid)

    def _assign_work_unit(self, node: WorkerController) -> None:
        for folder in first_of(node.gateway.id):
            scope = next((scope for scope in self.workqueue if scope.startswith(folder)), None)
            if scope is not None:
                self.workqueue.move_to_end(scope, last=False)
                break
        super()._assign_work_unit(node)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    return Together(config, log)
