"""Processes without their broker. F1: killed while questions come in. F4: frozen for 40 s. F5: the memory alarm."""

import asyncio
import time
from contextlib import AsyncExitStack
from datetime import UTC, datetime

from deploy.local.rabbitmq import PrivateNode
from tests.faults.broker.levers import broker_check, frozen, logged, memory_alarm, metric, until_settled
from tests.support.broker import eventually
from tests.support.chat import Chat, Seen, chat
from tests.support.law import the_law_holds
from tests.support.system import System

ACCEPTED_WITHIN_S = 1.0
GIVES_UP_WITHIN_S = 5.5
"""The 5 s of `PUBLISH_LIMIT_S`, and a busy machine."""
TOLD_WITHIN_S = 8.0
DEGRADED_WITHIN_S = 10.0
BACK_WITHIN_S = 5.0
FROZEN_S = 40.0
PACE_S = 0.2
"""Of each who asks under load."""
SAFE = "broker unavailable, your message is safe"
RUNNING = '{"tokens": 120, "per_second": 20}'
PUBLISHES = 'tokenline_publish_seconds_count{exchange="tokenline.tickets"}'


def question(name: str) -> str:
    return f'{{"say": "an answer for {name}"}}'


def told_it_is_safe(seen: Seen) -> bool:
    return any(frame.get("note") == SAFE for frame in seen.frames)


async def ask_in_time(person: Chat, text: str) -> tuple[str, float]:
    """The ticket, and how long it took to be accepted."""
    began = time.monotonic()
    return await person.ask(text, text), time.monotonic() - began


async def test_f1_killed_while_questions_come_in(node: PrivateNode, vhost: str, system: System) -> None:
    system.for_all(TOKENLINE_USER_LIMIT="1000")
    await asyncio.to_thread(system.worker)
    await asyncio.to_thread(system.gateway)
    asked: dict[str, str] = {}
    back = asyncio.Event()
    slowest = 0.0

    async def keep_asking(person: Chat, name: str) -> None:
        nonlocal slowest
        number = 0
        while not back.is_set():
            text = question(f"{name}-{number}")
            ticket, took = await ask_in_time(person, text)
            asked[ticket], slowest = text, max(slowest, took)
            number += 1
            await asyncio.sleep(PACE_S)
        await person.ended(*person.tickets, within_s=60)

    async def asked_some() -> bool:
        return len(asked) > 30

    async with AsyncExitStack() as stack, asyncio.TaskGroup() as asking:
        people = [await stack.enter_async_context(chat(system, f"p{n}@example.org")) for n in range(6)]
        for number, person in enumerate(people):
            asking.create_task(keep_asking(person, f"p{number}"), name=f"p{number}")
        await eventually(asked_some, 30)
        node.kill()
        before = metric(system, "gateway-1", PUBLISHES)
        # Here and not in a thread: it would end with the thread.
        node.start()
        await asyncio.to_thread(node.wait_ready)
        returned = time.monotonic()

        async def publishing_again() -> bool:
            return metric(system, "gateway-1", PUBLISHES) > before

        await eventually(publishing_again, BACK_WITHIN_S)
        print(f"F1: publishing again {time.monotonic() - returned:.1f} s after the broker's return")
        back.set()
    await until_settled(node, vhost)
    await the_law_holds(system, asked, *people)
    print(f"F1: {len(asked)} tickets answered, accepted in at most {slowest:.2f} s each")


async def test_f4_frozen_for_40_s(node: PrivateNode, vhost: str, system: System) -> None:
    await asyncio.to_thread(system.worker)
    await asyncio.to_thread(system.gateway)
    async with AsyncExitStack() as stack:
        people = [await stack.enter_async_context(chat(system, f"p{n}@example.org")) for n in range(3)]
        asked = {await people[0].ask(RUNNING, "running"): RUNNING}
        [running] = asked
        await people[0].until(lambda: len(people[0].tickets[running].text) > 40)
        async with frozen(node):
            since = time.monotonic()
            waiting = {}
            for number, person in enumerate(people):
                text = question(f"p{number}")
                ticket, took = await ask_in_time(person, text)
                assert took < ACCEPTED_WITHIN_S
                asked[ticket], waiting[ticket] = text, person
            print(f"F4: the last was accepted after {took:.2f} s")
            for ticket, person in waiting.items():
                await person.until(lambda seen=person.tickets[ticket]: told_it_is_safe(seen), TOLD_WITHIN_S)
            print(f"F4: told `{SAFE}` {time.monotonic() - since:.1f} s after the freeze")
            assert await broker_check(system, "gateway-1") != "ok"
            # Neither the run nor its user waits for the broker.
            await people[0].ended(running)
            print(f"F4: the running answer ended {time.monotonic() - since:.1f} s after the freeze")
            await asyncio.sleep(since + FROZEN_S - time.monotonic())
        thawed = time.monotonic()
        for ticket, person in waiting.items():
            await person.ended(ticket, within_s=60)
        print(f"F4: all answered {time.monotonic() - thawed:.1f} s after the thaw")
        await until_settled(node, vhost)
        tickets = await the_law_holds(system, asked, *people)
    assert tickets[running].attempt == 1
    gave_up = [
        (at - datetime.fromtimestamp(tickets[entry["ticket_id"]].created_at, UTC)).total_seconds()
        for at, entry in logged(system, "gateway-1", "ticket.unpublished")
    ][: len(waiting)]
    print(f"F4: publishes gave up after {max(gave_up):.2f} s at most")
    assert len(gave_up) == len(waiting)
    assert max(gave_up) < GIVES_UP_WITHIN_S


async def test_f5_memory_alarm(node: PrivateNode, vhost: str, system: System) -> None:
    await asyncio.to_thread(system.worker)
    await asyncio.to_thread(system.gateway)
    async with AsyncExitStack() as stack:
        people = [await stack.enter_async_context(chat(system, f"p{n}@example.org")) for n in range(3)]
        asked = {await people[0].ask(RUNNING, "running"): RUNNING}
        [running] = asked
        await people[0].until(lambda: len(people[0].tickets[running].text) > 40)
        async with memory_alarm(node):
            since = time.monotonic()
            waiting = {}
            for number, person in enumerate(people):
                text = question(f"p{number}")
                ticket, took = await ask_in_time(person, text)
                assert took < ACCEPTED_WITHIN_S
                asked[ticket], waiting[ticket] = text, person

            async def degraded() -> bool:
                return "ok" not in [await broker_check(system, process) for process in ("gateway-1", "worker-1")]

            await eventually(degraded, DEGRADED_WITHIN_S)
            print(f"F5: not ready {time.monotonic() - since:.1f} s after the alarm")
            for ticket, person in waiting.items():
                await person.until(lambda seen=person.tickets[ticket]: told_it_is_safe(seen), TOLD_WITHIN_S)
            await people[0].ended(running)
            print(f"F5: the running answer ended {time.monotonic() - since:.1f} s after the alarm")
        over = time.monotonic()
        for ticket, person in waiting.items():
            await person.ended(ticket)
        print(f"F5: all answered {time.monotonic() - over:.1f} s after the alarm")
        for process in ("gateway-1", "worker-1"):
            await asyncio.to_thread(system.wait_ready, process)
        await until_settled(node, vhost)
        await the_law_holds(system, asked, *people)
