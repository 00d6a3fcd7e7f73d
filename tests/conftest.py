"""What holds for every test: the plugins of tests/support, a clean environment, who may run beside whom."""

import os

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

# One line for each module of tests/support that has fixtures.
pytest_plugins = [
    "tests.support.browser",
    "tests.support.model",
    "tests.support.mongo",
    "tests.support.rabbitmq",
    "tests.support.system",
    "tests.support.tape",
]

_WAITING = ("tests/faults/", "tests/e2e/")
_COMPUTING = ("tests/security/", "tests/integration/", "tests/contract/")
_SCRUBBED = ("TOKENLINE_", "OPENAI_", "AMQP_", "MONGO_", "QDRANT_", "OTEL_")


def pytest_configure() -> None:
    """Settings of the developer's shell must not reach the code under test; a server of theirs may serve the tests."""
    if "MONGO_URL" in os.environ:
        os.environ["TEST_MONGO_URL"] = os.environ["MONGO_URL"]
    for name in [name for name in os.environ if name.startswith(_SCRUBBED)]:
        del os.environ[name]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests that mostly wait run beside tests that compute, and the short ones come last, so that no core idles."""
    place: dict[str, float] = {}
    for tier in (_WAITING, _COMPUTING):
        group = dict.fromkeys(together(config, item.nodeid) for item in items if item.nodeid.startswith(tier))
        place |= {scope: rank / len(group) for rank, scope in enumerate(group)}
    items.sort(key=lambda item: place.get(together(config, item.nodeid), 1.0))


def together(config: pytest.Config, nodeid: str) -> str:
    """What stays in one process, with what its fixtures started: a file, or a folder that has a `conftest.py`."""
    path = nodeid.partition("::")[0]
    folder = path.rpartition("/")[0]
    return folder if (config.rootpath / folder / "conftest.py").exists() else path


class Together(LoadScopeScheduling):  # type: ignore[misc] # published without types
    """`--dist loadgroup` groups nothing under pytest 9.2, where xdist 3.8 cannot change the ids of tests."""

    def _split_scope(self, nodeid: str) -> str:
        return together(self.config, nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    return Together(config, log)
