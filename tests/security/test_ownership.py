"""I6, B5: somebody else's thing answers exactly as a missing one, wherever a call can name it."""

import json
import re
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from tests.security.calls import Call, own_call
from tests.security.people import Person
from tests.security.recipes import MISSING, REFUSED, Operation, Slot, documents, operations, title_of
from tests.security.spellings import in_bodies, in_paths
from tests.security.stage import Stage
from tokenline.core.clock import SystemClock, new_id

OF_USERS = [operation for operation in operations() if operation.signed_in and not operation.administrative]
SLOTS = [(operation, slot) for operation in OF_USERS for slot in operation.slots()]
EVERY_SLOT = pytest.mark.parametrize(
    ("operation", "slot"), SLOTS, ids=[f"{title_of(operation)}-{slot.name}" for operation, slot in SLOTS]
)


def rows_of(house: Stage, person: Person) -> list[str]:
    """All that the store has of them, and of theirs, but for when a key was last used, which is written later."""
    theirs = {person.id, *person.own.all().values()}
    with closing(sqlite3.connect(house.folder / "tokenline.db")) as file:
        tables = [name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = [f"{table} {row}" for table in tables for row in file.execute(f"SELECT * FROM {table}")]  # noqa: S608 -- of its own names
    rows = [re.sub(r'"used_at":[^,}]*', "", row) for row in rows]
    return sorted(row for row in rows if any(one in row for one in theirs))


def test_the_documents_are_those_that_are_served(house: Stage) -> None:
    for service, document in documents().items():
        [one, *_] = [operation for operation in operations() if operation.service == service]
        about = Operation(service, "GET", "/openapi.json", one.about, document)
        assert json.loads(Call(about).send(house).body) == document


@pytest.mark.parametrize("operation", operations(), ids=title_of)
def test_these_tests_know_how_to_call_every_route(house: Stage, admin: Person, operation: Operation) -> None:
    """Otherwise a refusal would prove nothing."""
    assert operation.unknown() == []
    person = admin if operation.administrative else Person(house, "own")
    person.own.afresh()
    answer = own_call(operation, person).send(house)
    if refusal := REFUSED.get((operation.service, operation.name)):
        assert answer.status == refusal
        return
    assert answer.status < 300, f"{answer.status} {answer.body!r}: is it called as BODIES and KIND_OF say?"


@EVERY_SLOT
def test_a_foreign_thing_is_a_missing_one(house: Stage, victim: Person, operation: Operation, slot: Slot) -> None:
    attacker = Person(house, "attacker")
    before = rows_of(house, victim)
    foreign = victim.own[slot.kind]
    missing = new_id(SystemClock().now())
    to_foreign = own_call(operation, attacker).put(slot, foreign).send(house)
    to_missing = own_call(operation, attacker).put(slot, missing).send(house)
    assert to_missing.status == MISSING.get((operation.name, slot.where, slot.name), 404), to_missing.body
    assert to_foreign.without(foreign) == to_missing.without(missing)
    assert to_foreign.calls == to_missing.calls, "the time that it takes would tell them apart"
    assert victim.canary not in to_foreign.everything
    assert rows_of(house, victim) == before


@EVERY_SLOT
def test_no_spelling_of_a_foreign_id_leads_to_it(
    house: Stage, victim: Person, attacker: Person, operation: Operation, slot: Slot
) -> None:
    foreign = victim.own[slot.kind]
    before = rows_of(house, victim)
    tried: dict[str, Any] = in_paths(foreign) if slot.where == "path" else in_bodies(foreign)
    for trick, value in tried.items():
        answer = own_call(operation, attacker).put(slot, value).send(house)
        assert 300 <= answer.status < 500, f"{trick}: {answer.status} {answer.body[:500]!r}"
        assert victim.canary not in answer.everything, trick
    assert rows_of(house, victim) == before
