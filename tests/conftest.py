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

_SCRUBBED = ("TOKENLINE_", "OPENAI_", "AMQP_", "MONGO_", "QDRANT_", "OTEL_")


def pytest_configure() -> None:
    """Settings of the developer's shell must not reach the code under test; a server of theirs may serve the tests."""
    if "MONGO_URL" in os.environ:
        os.environ["TEST_MONGO_URL"] = os.environ["MONGO_URL"]
    for name in [name for name in os.environ if name.startswith(_SCRUBBED)]:
        del os.environ[name]


class Together(LoadScopeScheduling):  # type: ignore[misc] # published without types
    """A file stays in one process, and so does a folder whose tests share a `conftest.py`, with what its fixtures
    started. (`--dist loadgroup` groups nothing under pytest 9.2, where xdist 3.8 cannot change the ids of tests.)"""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        folder = path.rpartition("/")[0]
        return folder if (self.config.rootpath / folder / "conftest.py").exists() else path


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    return Together(config, log)
