"""The same product on MongoDB, by a setting alone."""

import pytest

from tests.support.chat import chat
from tests.support.system import System

QUICK = '{"say": "one two three four five six", "per_second": 20}'
SLOW = '{"tokens": 60, "per_second": 20}'


@pytest.fixture
def on_mongo(system: System, mongo_url: str) -> System:
    system.for_all(MONGO_URL=mongo_url)
    system.scripted_model()
    system.worker(slots=1)
    system.gateway()
    return system


async def test_questions_are_answered_in_turn_and_outlive_every_process(on_mongo: System) -> None:
    async with chat(on_mongo) as person:
        asked = [await person.ask(QUICK, f"m{n}") for n in range(4)]
        await person.ended(*asked)
        # K is 2: the last was held first, and released by the worker.
        assert "held" in person.tickets[asked[3]].kinds

    for name in ("gateway-1", "worker-1"):
        on_mongo.kill(name)
    on_mongo.gateway()
    with on_mongo.client() as client:
        for ticket in asked:
            stored = client.get(f"/api/v1/chat/tickets/{ticket}").json()
            assert (stored["state"], stored["attempt"]) == ("complete", 1)
            assert stored["answer"]["content"] == person.tickets[ticket].text == "one two three four five six"
    assert not list(on_mongo.folder.glob("tokenline.db*"))


async def test_a_killed_worker_costs_an_attempt_and_nothing_else(on_mongo: System) -> None:
    async with chat(on_mongo) as person:
        ticket = await person.ask(SLOW, "m1")
        await person.until(lambda: person.tickets[ticket].text)
        on_mongo.kill("worker-1")
        on_mongo.worker(2)
        await person.ended(ticket)
    seen = person.tickets[ticket]
    assert "restarted" in seen.kinds
    assert (seen.attempt, seen.kinds[-1]) == (2, "complete")
