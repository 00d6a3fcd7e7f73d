"""Q9: who waited too long is told so and offered to ask again, and nobody answers him afterwards."""

import asyncio
import time
from contextlib import AsyncExitStack

import httpx2

from services.gateway.keeper import SWEEP_S
from tests.faults.evidence import calls, store_of, stored, until_in_the_queue
from tests.support.broker import eventually
from tests.support.chat import Chat, Seen, chat
from tests.support.law import the_law_holds
from tests.support.system import System
from tokenline.contracts.tickets import TicketState

TIMEOUT_S = 2
TOLD_WITHIN_S = TIMEOUT_S + SWEEP_S + 2
"""The deadline, the next sweep, and a busy machine."""
WITHOUT_END = '{"tokens": 100000, "per_second": 5}'


def timed_out(seen: Seen) -> bool:
    end = seen.end
    return end is not None and (end["type"], end["error"]["code"], end["retry"]) == ("error", "queue_timeout", True)


async def told(person: Chat, *tickets: str) -> float:
    """Seconds until all of them are told."""
    began = time.monotonic()
    await person.ended(*tickets, within_s=TOLD_WITHIN_S)
    assert all(timed_out(person.tickets[ticket]) for ticket in tickets)
    return time.monotonic() - began


def ask_and_wait(client: httpx2.Client, text: str) -> httpx2.Response:
    return client.post("/api/v1/chat/messages", json={"content": text, "wait": True})


async def test_q9_nobody_came_in_time(system: System, amqp_url: str) -> None:
    """Without a worker: one in the queue, one held behind it, one whose caller waits. The worker comes too late."""
    system.scripted_model()
    system.gateway(TOKENLINE_QUEUE_TIMEOUT_S=str(TIMEOUT_S))
    texts = {name: f'{{"say": "too late for {name}"}}' for name in ("queued", "held", "caller")}
    async with chat(system, "a@example.org") as person:
        first = await person.ask(texts["queued"], "m1")
        conversation = person.tickets[first].frames[0]["conversation_id"]
        behind = await person.ask(texts["held"], "m2", conversation_id=conversation)
        with system.client("b@example.org") as client:
            waiting = asyncio.create_task(asyncio.to_thread(ask_and_wait, client, texts["caller"]), name="caller")
            took = await told(person, first, behind)
            answer = await waiting
        assert answer.status_code == 504
        ticket = answer.json()["ticket"]
        assert (ticket["state"], ticket["error"]["code"]) == ("error", "queue_timeout")
        await asyncio.to_thread(system.worker)
        fresh = await person.ask('{"say": "in time"}', "m3")
        await person.ended(fresh)
        await until_in_the_queue(amqp_url, 0)
        made = [call["text"] for call in await calls(system)]
        assert made == ['{"say": "in time"}'], "answered after its end"
        timeouts = {first: texts["queued"], behind: texts["held"], ticket["id"]: texts["caller"]}
        await the_law_holds(system, timeouts, state=TicketState.ERROR)
    print(f"Q9: 2 s without a worker, told after {took:.1f} s, no call of the model for 3 tickets")


async def test_q9_the_slot_was_busy(system: System, amqp_url: str) -> None:
    system.scripted_model()
    system.worker(slots=1)
    system.gateway(TOKENLINE_QUEUE_TIMEOUT_S=str(TIMEOUT_S))
    late = '{"say": "too late"}'
    async with AsyncExitStack() as stack:
        ada, bob = [await stack.enter_async_context(chat(system, f"{n}@example.org")) for n in "ab"]
        running = await ada.ask(WITHOUT_END, "m1")
        await ada.until(lambda: ada.tickets[running].text)
        behind = await bob.ask(late, "m1")
        took = await told(bob, behind)
        await ada.send(type="cancel", ticket_id=running)
        await ada.ended(running)
        # A running answer has no such deadline.
        assert ada.tickets[running].kinds[-1] == "cancelled"
        again = await bob.ask('{"say": "in time"}', "m2")
        await bob.ended(again)
        await until_in_the_queue(amqp_url, 0)
        assert await calls(system, late) == []
        await the_law_holds(system, {behind: late}, bob, state=TicketState.ERROR)
    print(f"Q9: 2 s behind a busy slot, told after {took:.1f} s")


async def test_q9_a_worker_judges_by_itself_when_nobody_keeps_the_line(system: System, amqp_url: str) -> None:
    """The only gateway dies before the deadline: the offer is still there when a worker comes after it."""
    system.scripted_model()
    system.gateway(TOKENLINE_QUEUE_TIMEOUT_S=str(TIMEOUT_S))
    text = '{"say": "too late"}'
    async with chat(system) as person, store_of(system) as store:
        ticket = await person.ask(text, "m1")
        await until_in_the_queue(amqp_url, 1)
        system.kill("gateway-1")
        deadline = (await stored(store, ticket)).deadline_at

        async def passed() -> bool:
            return await store.now() > deadline

        await eventually(passed)
        assert (await stored(store, ticket)).state is TicketState.QUEUED
        await asyncio.to_thread(system.worker)

        async def ended() -> bool:
            return (await stored(store, ticket)).state is TicketState.ERROR

        await eventually(ended)
        ended_at = (await stored(store, ticket)).finished_at
    assert await calls(system) == []
    print(f"Q9: refused by the worker {(ended_at or 0) - deadline:.1f} s after the deadline, no call of the model")
    await asyncio.to_thread(system.gateway)
    async with chat(system) as person:
        await person.resume(ticket, Seen())
        await person.ended(ticket)
        assert timed_out(person.tickets[ticket])
