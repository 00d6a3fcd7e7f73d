"""Slots hold whatever the broker delivers: when it restarts under four running answers, and when the pool is paused."""

import asyncio
import time
from contextlib import AsyncExitStack

import aio_pika
import pytest

from deploy.local.rabbitmq import PrivateNode
from tests.faults.broker.levers import erlang
from tests.faults.evidence import LINE, busiest, calls, channel_to, store_of, until_in_the_queue
from tests.support.broker import eventually
from tests.support.chat import Chat, chat
from tests.support.system import System
from tokenline.contracts.base import pack
from tokenline.contracts.control import TO_ALL_WORKERS, PausePool
from tokenline.contracts.topology import CONTROL

SLOTS = 4
PER_SECOND = 10
WITHOUT_END = f'{{"tokens": 100000, "per_second": {PER_SECOND}}}'
SHORT = '{"say": "my turn"}'


class Crowd:
    """Four whose answers run until they are cancelled, and four who wait behind them."""

    def __init__(self, people: list[Chat]) -> None:
        self.running, self.waiting = people[:SLOTS], people[SLOTS:]

    async def ask(self) -> None:
        for person in self.running:
            ticket = await person.ask(WITHOUT_END, "m1")
            await person.until(lambda person=person, ticket=ticket: person.tickets[ticket].text)
        for person in self.waiting:
            await person.ask(SHORT, "m1")

    async def catch_up(self, system: System) -> None:
        """Everybody has what the model says from here on."""
        began = max(record["started_at"] for record in await calls(system, WITHOUT_END))
        coming = f" w{int((time.monotonic() - began) * PER_SECOND) + 1} "
        for person in self.running:
            [seen] = person.tickets.values()
            await person.until(lambda seen=seen: coming in seen.text)

    async def cancel(self) -> None:
        for person in self.running:
            [ticket] = person.tickets
            await person.send(type="cancel", ticket_id=ticket)
            await person.ended(ticket)

    async def served(self) -> None:
        for person in self.waiting:
            await person.ended(*person.tickets)

    def ends(self) -> list[tuple[str, int]]:
        people = self.running + self.waiting
        return [(seen.kinds[-1], seen.attempt) for person in people for seen in person.tickets.values()]


async def a_crowd(stack: AsyncExitStack, system: System) -> Crowd:
    names = [f"p{number}@example.org" for number in range(2 * SLOTS)]
    return Crowd([await stack.enter_async_context(chat(system, name)) for name in names])


async def consumers(amqp_url: str) -> int:
    async with channel_to(amqp_url) as channel:
        declared = await channel.declare_queue(LINE.name, passive=True)
        return declared.declaration_result.consumer_count or 0


async def in_hand(node: PrivateNode) -> int:
    """How many messages are delivered and not acknowledged."""
    queue = f'rabbit_misc:r(<<"/">>, queue, <<"{LINE.name}">>)'
    found = "proplists:get_value(messages_unacknowledged, rabbit_amqqueue:info(Q))."
    return int(await erlang(node, f"{{ok, Q}} = rabbit_amqqueue:lookup({queue}), {found}"))


async def pause(system: System, amqp_url: str, *, paused: bool) -> None:
    """As an administrator does; returns when the worker takes no more, or takes again."""
    async with store_of(system) as store:
        await store.pause_pool("default", paused=paused)
    async with channel_to(amqp_url) as channel:
        exchange = await channel.get_exchange(CONTROL.name)
        body = pack(PausePool(pool="default", paused=paused))
        await exchange.publish(aio_pika.Message(body), routing_key=TO_ALL_WORKERS)

    async def obeyed() -> bool:
        return await consumers(amqp_url) == (0 if paused else 1)

    await eventually(obeyed)


async def test_a_broker_restart_under_four_answers_starts_no_fifth(
    tmp_path_factory: pytest.TempPathFactory, own_node: PrivateNode
) -> None:
    system = System(tmp_path_factory.mktemp("system"), own_node.amqp_url())
    try:
        system.scripted_model()
        system.worker(slots=SLOTS)
        system.gateway()
        async with AsyncExitStack() as stack:
            crowd = await a_crowd(stack, system)
            await crowd.ask()
            own_node.kill()
            # Here and not in a thread: it would end with the thread.
            own_node.start()
            await asyncio.to_thread(own_node.wait_ready)
            back = time.monotonic()
            await crowd.catch_up(system)
            took = time.monotonic() - back

            async def adopted() -> bool:
                return await in_hand(own_node) == SLOTS

            await eventually(adopted)
            assert len(await calls(system)) == SLOTS
            await crowd.cancel()
            await crowd.served()
        most = busiest(await calls(system))
        print(f"restart: text again after {took:.1f} s, at most {most} answers at once, {SLOTS} slots")
        assert crowd.ends() == [("cancelled", 1)] * SLOTS + [("complete", 1)] * SLOTS
        assert most == SLOTS
    finally:
        system.close()


async def test_pausing_and_resuming_the_pool_starts_nobody_without_a_slot(system: System, amqp_url: str) -> None:
    system.scripted_model()
    system.worker(slots=SLOTS)
    system.gateway()
    async with AsyncExitStack() as stack:
        crowd = await a_crowd(stack, system)
        await crowd.ask()
        began = time.monotonic()
        await pause(system, amqp_url, paused=True)
        took = time.monotonic() - began
        await pause(system, amqp_url, paused=False)

        # The running ones keep their deliveries on the former channel, so the others are handed out all the same.
        await until_in_the_queue(amqp_url, 0)
        await crowd.catch_up(system)
        assert len(await calls(system)) == SLOTS
        # Paused again, with four in hand that have no slot: freeing the slots must not start them.
        await pause(system, amqp_url, paused=True)
        await crowd.cancel()
        assert len(await calls(system)) == SLOTS
        await pause(system, amqp_url, paused=False)
        await crowd.served()
    most = busiest(await calls(system))
    print(f"pause: obeyed after {took:.2f} s, at most {most} answers at once, {SLOTS} slots")
    assert crowd.ends() == [("cancelled", 1)] * SLOTS + [("complete", 1)] * SLOTS
    assert most == SLOTS
