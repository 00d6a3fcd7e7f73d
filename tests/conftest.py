"""What holds for every test: the plugins of tests/support, a clean environment, who may run beside whom."""

import os
from pathlib import Path

import pytest

# One line for each module of tests/support that has fixtures.
pytest_plugins = [
    "tests.support.browser",
    "tests.support.model",
    "tests.support.mongo",
    "tests.support.rabbitmq",
    "tests.support.system",
    "tests.support.tape",
]

# Tests of whole processes and of faults mostly wait (for leases, heartbeats, thaws): as many of them side by side as
# leave a core to each other. Within a group they run one at a time.
_GROUPS = ("e2e", "faults/broker", "faults")
_SCRUBBED = ("TOKENLINE_", "OPENAI_", "AMQP_", "MONGO_", "QDRANT_", "OTEL_")


def pytest_configure() -> None:
    """Settings of the developer's shell must not reach the code under test; a server of theirs may serve the tests."""
    if "MONGO_URL" in os.environ:
        os.environ["TEST_MONGO_URL"] = os.environ["MONGO_URL"]
    for name in [name for name in os.environ if name.startswith(_SCRUBBED)]:
        del os.environ[name]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With `--dist loadgroup`: a file stays in one process, and so does each of `_GROUPS`."""
    for item in items:
        if item.get_closest_marker("xdist_group"):
            continue
        place = Path(item.path).relative_to(config.rootpath / "tests").as_posix()
        group = next((name for name in _GROUPS if place.startswith(f"{name}/")), place)
        item.add_marker(pytest.mark.xdist_group(group))
