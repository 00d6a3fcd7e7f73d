"""Workers that die: F10, a ticket that kills whoever takes it; F28, a worker that comes back under its old name."""

import asyncio
import time
from contextlib import AsyncExitStack

from tests.faults.broker.levers import metric
from tests.faults.evidence import store_of, stored, take_all
from tests.support.chat import Chat, chat
from tests.support.law import the_law_holds
from tests.support.system import System
from tokenline.contracts.base import pack
from tokenline.contracts.tickets import TicketOffer, TicketState
from tokenline.core.ports.store import Store
from tokenline.core.retry import ATTEMPTS
from tokenline.core.ticket import RUNNING

POISON = '{"say": "do not drink", "first_ms": 60000}'
BESIDE_IT = '{"tokens": 80, "per_second": 20, "first_ms": 1}'
"""4 s, so that it is under way at every attempt of the poison."""


async def kill_whoever_takes(system: System, store: Store, ticket_id: str) -> int:
    """Until the ticket has ended; how many workers it cost. Each is started again."""
    killed = 0
    while (ticket := await stored(store, ticket_id)).state not in (TicketState.ERROR, TicketState.COMPLETE):
        if ticket.state in RUNNING and ticket.attempt > killed:
            await asyncio.to_thread(system.kill, "worker-1")
            await asyncio.to_thread(system.worker)
            killed += 1
        await asyncio.sleep(0.01)
    return killed


async def test_f10_a_poison_ticket_ends_after_its_attempts_and_takes_nobody_with_it(
    system: System, amqp_url: str
) -> None:
    system.scripted_model()
    system.worker()
    system.gateway()
    async with store_of(system) as store, AsyncExitStack() as stack:
        ada, bob, cleo = [await stack.enter_async_context(chat(system, f"{n}@example.org")) for n in "abc"]
        beside = await bob.ask(BESIDE_IT, "m1")
        await bob.until(lambda: bob.tickets[beside].text)
        began = time.monotonic()
        poison = await ada.ask(POISON, "m1")
        async with asyncio.TaskGroup() as group:
            killer = group.create_task(kill_whoever_takes(system, store, poison), name="killer")
            questions = await _keep_asking(cleo, killer)
        await ada.ended(poison)
        took = time.monotonic() - began
        await bob.ended(beside, within_s=60)
        ended = await stored(store, poison)
    print(
        f"F10: {killer.result()} workers killed, ended after {took:.1f} s, {len(questions)} others answered meanwhile"
    )
    assert killer.result() == ended.attempt == ATTEMPTS
    end = ada.tickets[poison].end
    assert end is not None
    assert (end["type"], end["error"]["code"], end["retry"]) == ("error", "incomplete", True)
    assert ended.dead
    assert await take_all(amqp_url) == [pack(TicketOffer(ticket_id=poison, publish_no=ended.publish_no))]
    assert metric(system, "worker-1", 'tokenline_dead_letters_total{pool="default"}') == 1
    await the_law_holds(system, {poison: POISON}, ada, state=TicketState.ERROR)
    await the_law_holds(system, questions | {beside: BESIDE_IT}, bob, cleo)


async def _keep_asking(person: Chat, until: asyncio.Task[int]) -> dict[str, str]:
    questions: dict[str, str] = {}
    while not until.done():
        text = f'{{"say": "answer {len(questions)}"}}'
        ticket = await person.ask(text, text)
        questions[ticket] = text
        await person.ended(ticket, within_s=60)
    return questions
