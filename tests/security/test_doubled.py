"""B15: an administrator's action that comes twice, at the same time, has one effect, and both are written down."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.security.calls import own_call
from tests.security.conftest import administrator
from tests.security.people import Person
from tests.security.recipes import Operation, operations, title_of
from tests.security.stage import Stage
from tokenline.contracts.admin import Outcome

ACTIONS = [one for one in operations() if one.administrative and one.method == "POST"]


@pytest.fixture(scope="module")
def root(house: Stage) -> Person:
    return administrator(house)


@pytest.mark.parametrize("operation", ACTIONS, ids=title_of)
def test_an_action_done_twice_is_done_once_and_written_down_twice(
    house: Stage, root: Person, operation: Operation
) -> None:
    root.own.afresh()
    target = next(iter(own_call(operation, root).path.values()))
    before = _log(house, root)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: own_call(operation, root).send(house), range(2)))
    written = [entry for entry in _log(house, root) if entry not in before]
    assert [entry["target"] for entry in written] == [target] * 2
    assert {entry["actor_id"] for entry in written} == {root.id}
    outcomes = [entry["outcome"] for entry in written]
    assert None not in outcomes, "an outcome was left open"
    # A worker may be told twice to take no more before it says that it heard: that is one effect, too.
    assert operation.name == "drain_worker" or outcomes.count(Outcome.DONE) <= 1, [answer.body for answer in answers]
    told = sorted(answer.code or answer.body.split(b'"')[3].decode() for answer in answers)
    assert told == sorted(outcomes), "what is written down is what was said"


def _log(house: Stage, root: Person) -> list[dict[str, str]]:
    items: list[dict[str, str]] = (
        house.http["dashboard"].get("/api/v1/admin/audit", params={"limit": 200}, headers=root.headers).json()["items"]
    )
    return items
