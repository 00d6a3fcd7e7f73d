"""Gateway and workers behind real HTTP, on one store; a puppet answers with the first word of what it is asked."""

from collections.abc import Iterator

import pytest

from tests.security.people import Person
from tests.security.stage import Stage, stage


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("branches")) as started:
        yield started


@pytest.fixture
def ann(house: Stage) -> Person:
    return Person(house, "ann")
