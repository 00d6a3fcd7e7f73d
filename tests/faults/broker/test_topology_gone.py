"""Processes whose topology goes or does not fit. F7: queue and exchanges deleted. F12: other arguments than ours."""

import asyncio
import time

import aio_pika

from deploy.local.rabbitmq import PrivateNode
from tests.faults.broker.levers import LINE, broker_check, channel, until_settled
from tests.support.broker import eventually
from tests.support.chat import chat
from tests.support.law import the_law_holds
from tests.support.system import System
from tokenline.contracts.topology import EVENTS, REPLIES, TICKETS

BACK_WITHIN_S = 2.0
RUNNING = '{"tokens": 120, "per_second": 20}'
WAITING = ['{"say": "the first that waited"}', '{"say": "the second that waited"}']


async def exists(node: PrivateNode, vhost: str, *, queue: str | None = None, exchange: str | None = None) -> bool:
    try:
        async with channel(node, vhost) as looking:
            if queue is not None:
                found = await looking.declare_queue(queue, passive=True)
                return (found.declaration_result.consumer_count or 0) > 0
            await looking.declare_exchange(exchange or "", passive=True)
    except aio_pika.exceptions.ChannelNotFoundEntity:
        return False
    return True


async def test_f7_queue_and_exchanges_deleted_while_tickets_wait(node: PrivateNode, vhost: str, system: System) -> None:
    await asyncio.to_thread(system.worker, slots=1)
    await asyncio.to_thread(system.gateway)
    async with chat(system) as person, chat(system, "b@example.org") as other, chat(system, "c@example.org") as last:
        asked = {await person.ask(RUNNING, "m0"): RUNNING}
        [running] = asked
        await person.until(lambda: person.tickets[running].text)
        for somebody, question in zip((person, other), WAITING, strict=True):
            ticket = await somebody.ask(question, question)
            asked[ticket] = question
            await somebody.until(lambda seen=somebody.tickets[ticket]: seen.positions)

        async with channel(node, vhost) as deleting:
            await deleting.queue_delete(LINE.name)
            for exchange in (TICKETS, EVENTS, REPLIES):
                await deleting.exchange_delete(exchange.name)
        deleted = time.monotonic()

        async def back() -> bool:
            queues = await exists(node, vhost, queue=LINE.name)
            return queues and all([await exists(node, vhost, exchange=e.name) for e in (TICKETS, EVENTS, REPLIES)])

        await eventually(back, BACK_WITHIN_S)
        print(f"F7: queue, consumer and exchanges back after {time.monotonic() - deleted:.1f} s")
        after = '{"say": "asked afterwards"}'
        asked[await last.ask(after, after)] = after
        people = (person, other, last)
        await asyncio.gather(*(somebody.ended(*somebody.tickets) for somebody in people))
        print(f"F7: all answered {time.monotonic() - deleted:.1f} s after the deletion")
        await until_settled(node, vhost)
        tickets = await the_law_holds(system, asked, *people)
    assert [ticket.attempt for ticket in tickets.values()] == [1] * 4


async def test_f12_a_queue_with_other_arguments(node: PrivateNode, vhost: str, system: System) -> None:
    """As a former version left it, bound: it takes messages, which nobody consumes."""
    async with channel(node, vhost) as former:
        await former.declare_exchange(TICKETS.name, TICKETS.kind, durable=True)
        await (await former.declare_queue(LINE.name, durable=True)).bind(TICKETS.name, "default")
    processes = ("gateway-1", "worker-1")
    await asyncio.to_thread(system.gateway, ready="/healthz")
    await asyncio.to_thread(system.worker, ready="/healthz")

    async def named() -> bool:
        said = [await broker_check(system, process) for process in processes]
        return all(LINE.name in sentence and "delete it" in sentence for sentence in said)

    await eventually(named)
    print(f"F12: {await broker_check(system, 'worker-1')}")
    question = '{"say": "safe all the same"}'
    async with chat(system) as person:
        ticket = await person.ask(question, "m1")
        assert [system.processes[process].poll() for process in processes] == [None, None]
        assert await named()
        async with channel(node, vhost) as operator:
            await operator.queue_delete(LINE.name)
        deleted = time.monotonic()
        for process in processes:
            await asyncio.to_thread(system.wait_ready, process)
        print(f"F12: ready by itself {time.monotonic() - deleted:.1f} s after the queue was deleted")
        await person.ended(ticket)
        print(f"F12: and the question answered after {time.monotonic() - deleted:.1f} s")
        await until_settled(node, vhost)
        await the_law_holds(system, {ticket: question}, person)
