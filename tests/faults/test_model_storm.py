"""F25: an endpoint that refuses. It is asked no more often than there are attempts, nor before it wants to be."""

import time
from contextlib import AsyncExitStack

from tests.faults.broker.levers import metric
from tests.faults.evidence import calls, store_of, stored, take_all
from tests.support.chat import Chat, chat
from tests.support.law import the_law_holds
from tests.support.system import System
from tokenline.contracts.base import pack
from tokenline.contracts.tickets import TicketOffer, TicketState
from tokenline.core.retry import ATTEMPTS

RETRY_AFTER_S = 2


async def test_f25_a_pause_that_the_model_asks_for_is_kept_and_holds_no_slot(system: System) -> None:
    system.scripted_model()
    system.worker(slots=1)
    system.gateway()
    async with AsyncExitStack() as stack:
        crowd = [await stack.enter_async_context(chat(system, f"p{n}@example.org")) for n in range(6)]
        bob = await stack.enter_async_context(chat(system, "bob@example.org"))
        questions = {await person.ask(_overloaded(n), "m1"): _overloaded(n) for n, person in enumerate(crowd)}
        for person in crowd:
            await person.until(lambda person=person: _reason(person) == "retrying")
        began = time.monotonic()
        meanwhile = await bob.ask('{"say": "meanwhile"}', "m1")
        await bob.ended(meanwhile)
        between = time.monotonic()
        for person in crowd:
            await person.ended(*person.tickets)
    pauses = []
    for text in questions.values():
        first, second = await calls(system, text)
        pauses.append(second["started_at"] - first["started_at"])
        assert between < second["started_at"], "the machine was too slow to ask in between"
    print(f"F25: answered {between - began:.2f} s into pauses of {min(pauses):.2f} to {max(pauses):.2f} s, on one slot")
    assert min(pauses) >= RETRY_AFTER_S
    tickets = await the_law_holds(system, questions | {meanwhile: '{"say": "meanwhile"}'}, *crowd, bob)
    assert [tickets[ticket].attempt for ticket in questions] == [2] * len(crowd)


async def test_f25_who_never_answers_is_asked_three_times(system: System, amqp_url: str) -> None:
    system.scripted_model()
    system.worker()
    system.gateway()
    async with AsyncExitStack() as stack, store_of(system) as store:
        crowd = [await stack.enter_async_context(chat(system, f"p{n}@example.org")) for n in range(4)]
        questions = {await person.ask(_broken(n), "m1"): _broken(n) for n, person in enumerate(crowd)}
        began = time.monotonic()
        for person in crowd:
            await person.ended(*person.tickets)
            [seen] = person.tickets.values()
            assert seen.end is not None
            assert (seen.end["error"]["code"], seen.end["retry"]) == ("model_unavailable", True)
        took = time.monotonic() - began
        tickets = [await stored(store, ticket) for ticket in questions]
    for text in questions.values():
        assert len(await calls(system, text)) == ATTEMPTS
    print(f"F25: given up after {took:.1f} s and {ATTEMPTS} calls each")
    assert [ticket.dead for ticket in tickets] == [True] * len(crowd)
    letters = [pack(TicketOffer(ticket_id=ticket.id, publish_no=ticket.publish_no)) for ticket in tickets]
    assert sorted(await take_all(amqp_url)) == sorted(letters)
    assert metric(system, "worker-1", 'tokenline_dead_letters_total{pool="default"}') == len(crowd)
    await the_law_holds(system, questions, *crowd, state=TicketState.ERROR)


def _overloaded(number: int) -> str:
    return f'{{"status": 429, "retry_after": "{RETRY_AFTER_S}", "faults": 1, "say": "answer {number}"}}'


def _broken(number: int) -> str:
    return f'{{"status": 500, "say": "never said {number}"}}'


def _reason(person: Chat) -> str | None:
    [seen] = person.tickets.values()
    last = seen.frames[-1]
    return last["reason"] if last["type"] == "held" else None
