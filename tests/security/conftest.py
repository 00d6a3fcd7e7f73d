"""One stage for all tests of this folder, which pytest keeps in one process."""

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from tests.security.people import Person
from tests.security.stage import Stage, stage
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

    async def promote() -> None:
        user = await house.store.get_user(person.id)
        assert user is not None
        await house.store.update_user(replace(user, role=Role.ADMIN))
        # The role is believed for two seconds.
        for app in house.apps.values():
            app.state.accounts._users.clear()

    house.run(promote())
    return person
