"""One stage for all tests of this folder, which pytest keeps in one process."""

from collections.abc import Iterator

import pytest

from tests.security.credentials import change_user
from tests.security.people import Person
from tests.security.stage import Stage, soon, stage
from tokenline.contracts.accounts import Role


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("house")) as started:
        yield started


@pytest.fixture(scope="session")
def victim(house: Stage) -> Person:
    """Owns one of everything."""
    person = Person(house, "victim")
    person.own.all()
    return person


@pytest.fixture(scope="session")
def attacker(house: Stage) -> Person:
    return Person(house, "attacker")


@pytest.fixture(scope="session")
def admin(house: Stage) -> Person:
    return administrator(house)


def administrator(house: Stage) -> Person:
    person = Person(house, "admin")
    change_user(house, person, role=Role.ADMIN)
    soon(lambda: person.get("/api/v1/me")["role"] == "admin")
    return person
