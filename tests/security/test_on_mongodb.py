"""I6, B5 on the other store: its queries are its own, and so are the mistakes that could be made in them."""

from collections.abc import Iterator

import pytest

from tests.security.calls import own_call
from tests.security.people import Person
from tests.security.recipes import MISSING
from tests.security.spellings import in_bodies, in_paths
from tests.security.stage import Stage, stage
from tests.security.test_ownership import SLOTS
from tests.support.mongo import in_database
from tokenline.core.clock import SystemClock, new_id

TRICKS = ("upper case", "wildcard", "like", "MongoDB", "SQL", "NUL after", "half a surrogate after", "no UTF-8")
"""Those that a store could stumble over."""


@pytest.fixture(scope="module")
def mongo_house(mongo_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("mongo"), in_database(mongo_server, "security")) as started:
        yield started


def test_a_foreign_thing_is_a_missing_one_at_every_route(mongo_house: Stage) -> None:
    victim, attacker = Person(mongo_house, "victim"), Person(mongo_house, "attacker")
    theirs = victim.own.all()
    for operation, slot in SLOTS:
        if operation.service != "gateway":
            continue
        attacker.own.afresh()
        foreign, missing = theirs[slot.kind], new_id(SystemClock().now())
        to_foreign = own_call(operation, attacker).put(slot, foreign).send(mongo_house)
        to_missing = own_call(operation, attacker).put(slot, missing).send(mongo_house)
        where = (operation.name, slot.where, slot.name)
        assert to_missing.status == MISSING.get(where, 404), (where, to_missing.body)
        assert to_foreign.without(foreign) == to_missing.without(missing), where
        assert to_foreign.calls == to_missing.calls, where
        spelt = in_paths(foreign) if slot.where == "path" else in_bodies(foreign)
        for trick in TRICKS:
            if trick in spelt:
                answer = own_call(operation, attacker).put(slot, spelt[trick]).send(mongo_house)
                assert 400 <= answer.status < 500, (where, trick, answer.body)
                assert victim.canary not in answer.everything, (where, trick)


def test_texts_that_are_queries_elsewhere_find_nothing_of_others(mongo_house: Stage) -> None:
    victim, attacker = Person(mongo_house, "victim"), Person(mongo_house, "attacker")
    victim.own.all()
    for text in (victim.canary, ".*", "^", "$where", '{"$ne": null}', "\0", "%", "_", "(" * 500, "[", "\\"):
        for path in ("/api/v1/chat/conversations", "/api/v1/chat/search"):
            for name in ("q", "agent_id", "cursor"):
                query = {"q": "x"} | {name: text}
                answer = attacker.http.get(path, params=query)
                assert answer.status_code < 500, (path, query, answer.text)
                assert victim.canary not in answer.text.replace(text, "")
