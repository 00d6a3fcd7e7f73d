"""Workers that die: F10, a ticket that kills whoever takes it; F28, a worker that comes back under its old name."""

import asyncio
import time
from contextlib import AsyncExitStack

from services.agent_worker.leases import EXPIRE_S
from services.gateway.keeper import GRACE_S, SWEEP_S
from tests.faults.broker.levers import metric
from tests.faults.evidence import LINE, calls, channel_to, store_of, stored, take_all
from tests.support.broker import eventually
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
        # Below the number of frames that a socket may send a second.
        text = f'{{"say": "answer {len(questions)}", "first_ms": 50}}'
        ticket = await person.ask(text, text)
        questions[ticket] = text
        await person.ended(ticket, within_s=60)
    return questions


async def test_f28_a_worker_restarted_under_its_name_leaves_no_orphan(system: System, amqp_url: str) -> None:
    """One ticket comes back by its delivery. Of the other the broker loses that too: then the lease of the former
    incarnation, which the new one does not renew, is all that tells."""
    system.scripted_model()
    system.worker()
    system.gateway()
    async with store_of(system) as store, AsyncExitStack() as stack:
        ada, bob = [await stack.enter_async_context(chat(system, f"{n}@example.org")) for n in "ab"]
        redelivered, lost = [await person.ask(BESIDE_IT, "m1") for person in (ada, bob)]
        for person, ticket in ((ada, redelivered), (bob, lost)):
            await person.until(lambda person=person, ticket=ticket: person.tickets[ticket].text)
        former = (await stored(store, lost)).incarnation
        system.kill("worker-1")
        killed = time.monotonic()
        await lose(amqp_url, pack(TicketOffer(ticket_id=lost, publish_no=1)))
        await asyncio.to_thread(system.worker)
        await ada.until(lambda: "restarted" in ada.tickets[redelivered].kinds, within_s=15)
        again = time.monotonic() - killed
        await bob.until(lambda: "restarted" in bob.tickets[lost].kinds)
        rescued = time.monotonic() - killed
        await ada.ended(redelivered)
        await bob.ended(lost)
        after = await stored(store, lost)
    print(f"F28: answered again after {again:.1f} s; without a delivery after {rescued:.1f} s")
    assert again <= 15
    assert rescued <= EXPIRE_S + SWEEP_S + 2
    assert after.worker_id == "worker-1"
    assert after.incarnation != former
    tickets = await the_law_holds(system, {redelivered: BESIDE_IT, lost: BESIDE_IT}, ada, bob)
    assert [ticket.attempt for ticket in tickets.values()] == [2, 2]


async def lose(amqp_url: str, body: bytes) -> None:
    """Take this one message out of the line's queue, once the broker has put it back there."""
    async with channel_to(amqp_url) as channel:
        queue = await channel.get_queue(LINE.name, ensure=False)

        async def lost() -> bool:
            message = await queue.get(fail=False)
            if message is not None and message.body == body:
                await message.ack()
                return True
            return False

        # Closing the channel puts the others back.
        await eventually(lost)


async def test_a_retry_is_not_lost_with_the_worker_that_pauses(system: System) -> None:
    question = '{"status": 429, "retry_after": "3", "faults": 1, "say": "better late"}'
    system.scripted_model()
    system.worker(1)
    system.gateway()
    async with chat(system) as person:
        ticket = await person.ask(question, "m1")
        await person.until(lambda: "held" in person.tickets[ticket].kinds)
        system.kill("worker-1")
        await asyncio.to_thread(system.worker, 2)
        await person.ended(ticket)
    [first, second] = await calls(system, question)
    paused = second["started_at"] - first["started_at"]
    print(f"pause: 3 s asked for, resumed by the keeper after {paused:.1f} s")
    assert 3 <= paused <= 3 + GRACE_S + SWEEP_S + 2
    [held] = [frame for frame in person.tickets[ticket].frames if frame["type"] == "held"][:1]
    assert held["reason"] == "retrying"
    await the_law_holds(system, {ticket: question}, person)
