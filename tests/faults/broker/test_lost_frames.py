"""Processes behind a bad link. F2: an acknowledgement is lost. F16: a worker is cut off. F17: a confirm is lost."""

import asyncio
import time

from pamqp.commands import Basic

from deploy.local.rabbitmq import PrivateNode
from tests.faults.broker.levers import LINE, channel, messages, metric, until_settled
from tests.support.broker import eventually
from tests.support.chat import chat
from tests.support.law import the_law_holds
from tests.support.proxy import Proxy
from tests.support.system import System
from tokenline.contracts.topology import TICKETS

SHORT = '{"say": "once and only once"}'
AFTER = '{"say": "and the line goes on"}'
STALLING = '{"tokens": 60, "per_second": 20, "then": "stall", "faults": 1}'
"""The first attempt never ends by itself."""
REDELIVERED_WITHIN_S = 15.0


def deliveries(proxy: Proxy) -> list[bool]:
    """Of tickets: whether each was a redelivery."""
    return [
        bool(frame.redelivered)
        for frame in list(proxy.seen)
        if isinstance(frame, Basic.Deliver) and frame.exchange == TICKETS.name
    ]


async def test_f2_a_finished_ticket_that_comes_back_is_not_run_again(
    node: PrivateNode, vhost: str, system: System
) -> None:
    with Proxy(node.amqp_url(vhost), Basic.Deliver) as proxy:
        await asyncio.to_thread(system.worker, AMQP_URL=proxy.url)
        await asyncio.to_thread(system.gateway)
        loss = proxy.lose(Basic.Ack, sent_by="client", then_cut=True)
        async with chat(system) as person:
            ticket = await person.ask(SHORT, "m1")
            await person.ended(ticket)
            await asyncio.to_thread(loss.wait)
            cut = time.monotonic()
            await until_settled(node, vhost)
            print(f"F2: redelivered and acknowledged {time.monotonic() - cut:.1f} s after the acknowledgement was lost")
            after = await person.ask(AFTER, "m2")
            await person.ended(after)
            assert deliveries(proxy) == [False, True, False]
            tickets = await the_law_holds(system, {ticket: SHORT, after: AFTER}, person)
    assert tickets[ticket].attempt == 1


async def test_f17_a_ticket_published_twice_is_answered_once(node: PrivateNode, vhost: str, system: System) -> None:
    """The second delivery finds one answer finished and the other under way."""
    running = '{"tokens": 60, "per_second": 20}'
    with Proxy(node.amqp_url(vhost)) as to_gateway, Proxy(node.amqp_url(vhost), Basic.Deliver) as to_worker:
        await asyncio.to_thread(system.gateway, AMQP_URL=to_gateway.url)
        async with chat(system) as person:
            asked = {}
            for question in (SHORT, running):
                loss = to_gateway.lose(Basic.Ack, sent_by="server")
                asked[await person.ask(question, question)] = question
                await asyncio.to_thread(loss.wait)
            lost = time.monotonic()

            async def published_twice() -> bool:
                return metric(system, "gateway-1", 'tokenline_republished_total{cause="unpublished"}') == 2

            await eventually(published_twice, 20)
            print(f"F17: published again {time.monotonic() - lost:.1f} s after the confirm was lost")
            await asyncio.to_thread(system.worker, slots=2, AMQP_URL=to_worker.url)
            await person.ended(*asked)
            await until_settled(node, vhost)
            tickets = await the_law_holds(system, asked, person)
    assert [ticket.attempt for ticket in tickets.values()] == [1, 1]
    assert deliveries(to_worker) == [False] * 4


async def test_f17_both_of_two_publications_come_back(node: PrivateNode, vhost: str, system: System) -> None:
    """As when a worker had both and was lost: the second looks like the first one's redelivery."""
    running = '{"tokens": 60, "per_second": 20}'
    with Proxy(node.amqp_url(vhost)) as to_gateway:
        await asyncio.to_thread(system.gateway, AMQP_URL=to_gateway.url)
        async with chat(system) as person:
            to_gateway.lose(Basic.Ack, sent_by="server")
            ticket = await person.ask(running, "m1")

            async def published_twice() -> bool:
                return await messages(node, vhost) == 2

            await eventually(published_twice, 20)
            async with channel(node, vhost) as lost:
                queue = await lost.get_queue(LINE.name)
                for _ in range(2):
                    await queue.get()
            await asyncio.to_thread(system.worker)
            await person.ended(ticket)
            await until_settled(node, vhost)
            tickets = await the_law_holds(system, {ticket: running}, person)
    assert tickets[ticket].attempt == 1


async def test_f16_what_a_cut_off_worker_had_is_answered_by_another(
    node: PrivateNode, vhost: str, system: System
) -> None:
    with Proxy(node.amqp_url(vhost)) as proxy:
        await asyncio.to_thread(system.worker, 1, AMQP_URL=proxy.url)
        await asyncio.to_thread(system.gateway)
        async with chat(system) as person:
            ticket = await person.ask(STALLING, "m1")
            await person.until(lambda: len(person.tickets[ticket].text) > 40)
            await asyncio.to_thread(system.worker, 2)
            proxy.black_hole()
            cut_off = time.monotonic()
            await person.until(lambda: "restarted" in person.tickets[ticket].kinds, REDELIVERED_WITHIN_S)
            print(f"F16: redelivered after {time.monotonic() - cut_off:.1f} s, and the client told `restarted`")
            await person.ended(ticket)

            proxy.thaw()
            thawed = time.monotonic()

            async def first_is_fenced() -> bool:
                return metric(system, "worker-1", "tokenline_fenced_total") == 1

            await eventually(first_is_fenced)
            await asyncio.to_thread(system.wait_ready, "worker-1")
            print(f"F16: the first worker fenced and ready {time.monotonic() - thawed:.1f} s after its link was back")
            after = await person.ask(AFTER, "m2")
            await person.ended(after)
            await until_settled(node, vhost)
            tickets = await the_law_holds(system, {ticket: STALLING, after: AFTER}, person)
    assert (tickets[ticket].attempt, tickets[ticket].worker_id) == (2, "worker-2")
