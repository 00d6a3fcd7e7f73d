"""F9: runs that take longer than the broker waits for an acknowledgement."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from deploy.local.rabbitmq import PrivateNode
from tests.faults.broker.levers import erlang, logged, until_settled
from tests.support.chat import chat
from tests.support.law import the_law_holds
from tests.support.system import System

TIMEOUT_MS = 3000
QUESTIONS = ['{"tokens": 200, "per_second": 20}', '{"tokens": 201, "per_second": 20}', '{"say": "in the third slot"}']


@pytest.fixture
async def impatient(node: PrivateNode) -> AsyncIterator[None]:
    """For channels that are opened from here on. The broker looks at them once a second."""
    settings = {"consumer_timeout": TIMEOUT_MS, "channel_tick_interval": 1000}
    former = {
        name: await erlang(node, f"{{ok, Value}} = application:get_env(rabbit, {name}), Value.") for name in settings
    }
    for name, value in settings.items():
        await erlang(node, f"application:set_env(rabbit, {name}, {value}).")
    yield
    for name, before in former.items():
        await erlang(node, f"application:set_env(rabbit, {name}, {before}).")


@pytest.mark.usefixtures("impatient")
async def test_f9_a_run_outlives_the_consumer_timeout(node: PrivateNode, vhost: str, system: System) -> None:
    await asyncio.to_thread(system.worker, slots=3)
    await asyncio.to_thread(system.gateway)
    async with chat(system) as person, chat(system, "b@example.org") as other:
        began = time.monotonic()
        asked = {await person.ask(question, question): question for question in QUESTIONS[:2]}
        asked[await other.ask(QUESTIONS[2], "m")] = QUESTIONS[2]
        await person.ended(*person.tickets)
        await other.ended(*other.tickets)
        took = time.monotonic() - began
        closed = len(list(logged(system, "worker-1", "broker.consumer_lost")))
        print(f"F9: {closed} channels closed by the broker in {took:.1f} s, with a timeout of {TIMEOUT_MS / 1000:g} s")
        await until_settled(node, vhost)
        tickets = await the_law_holds(system, asked, person, other)
    assert [ticket.attempt for ticket in tickets.values()] == [1] * len(asked)
    # No loop: not more often than the timeout says, and no more once all is acknowledged.
    assert 1 <= closed <= took * 1000 / TIMEOUT_MS
    assert "restarted" not in {kind for seen in person.tickets.values() for kind in seen.kinds}
