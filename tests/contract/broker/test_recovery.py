"""Consumers come back after everything that takes them away."""

import asyncio

import pytest

from tests.contract.broker.engines import Engine
from tests.support.broker import LIMIT_S, Inbox, eventually
from tokenline.contracts.errors import BrokerUnavailable
from tokenline.contracts.topology import EVENTS, TICKETS, event_queue, ticket_queue
from tokenline.core.ports.broker import Broker, Delivery

LINE = ticket_queue("gpt")


class Restored:
    """Counts, and lets a test wait for the next time."""

    def __init__(self) -> None:
        self._times: asyncio.Queue[None] = asyncio.Queue()

    async def __call__(self) -> None:
        self._times.put_nowait(None)

    async def wait(self) -> None:
        async with asyncio.timeout(LIMIT_S):
            await self._times.get()


async def publish_until_taken(broker: Broker, body: bytes) -> None:
    async def taken() -> bool:
        try:
            await broker.publish(TICKETS.name, "gpt", body)
        except BrokerUnavailable:
            return False
        return True

    await eventually(taken)


async def test_a_deleted_queue_is_declared_and_consumed_again(engine: Engine, broker: Broker) -> None:
    inbox, restored = Inbox(), Restored()
    await broker.consume(LINE, inbox, prefetch=5, on_restored=restored)
    await broker.publish(TICKETS.name, "gpt", b"before")
    held = await inbox.next()
    await engine.delete_queue(LINE.name)
    await restored.wait()
    assert not await held.ack()
    await broker.publish(TICKETS.name, "gpt", b"after")
    assert (await inbox.next()).body == b"after"


async def test_a_deleted_exchange_fails_loudly_and_is_declared_again(engine: Engine, broker: Broker) -> None:
    line, events = Inbox(ack=True), Inbox(ack=True)
    await broker.consume(LINE, line, prefetch=5)
    await broker.consume(event_queue("a", "ticket.*"), events, prefetch=5)
    await engine.delete_exchange(TICKETS.name)
    await engine.delete_exchange(EVENTS.name)
    await publish_until_taken(broker, b"after")
    assert (await line.next()).body == b"after"

    async def heard() -> bool:
        await broker.tell(EVENTS.name, "ticket.queued", b"heard")
        return bool(events.received)

    await eventually(heard)


async def test_a_lost_connection_comes_back_with_its_consumers(engine: Engine, broker: Broker) -> None:
    line, events = Inbox(), Inbox(ack=True)
    line_back, events_back = Restored(), Restored()
    await broker.consume(LINE, line, prefetch=5, on_restored=line_back)
    await broker.consume(event_queue("a", "ticket.*"), events, prefetch=5, on_restored=events_back)
    await broker.publish(TICKETS.name, "gpt", b"in hand")
    held = await line.next()
    await engine.cut()
    await line_back.wait()
    await events_back.wait()

    assert not await held.ack()
    again = await line.next()
    assert (again.body, again.redelivered) == (b"in hand", True)
    assert await again.ack()
    await publish_until_taken(broker, b"after")
    assert (await line.next()).body == b"after"
    assert await broker.tell(EVENTS.name, "ticket.queued", b"event")
    assert (await events.next()).body == b"event"
    assert broker.connected


async def test_a_handler_runs_on_when_its_channel_is_lost(engine: Engine, broker: Broker) -> None:
    """The claim it is about to make must not be cut in two."""
    started, may_end = asyncio.Event(), asyncio.Event()
    outcomes: list[bool] = []
    restored = Restored()

    async def handle(delivery: Delivery) -> None:
        started.set()
        await may_end.wait()
        outcomes.append(await delivery.ack())

    await broker.consume(LINE, handle, prefetch=1, on_restored=restored)
    await publish_until_taken(broker, b"claim me")
    await started.wait()
    await engine.cut()
    await restored.wait()
    may_end.set()

    async def both_ended() -> bool:
        return sorted(outcomes) == [False, True]

    await eventually(both_ended)


async def test_a_cancelled_consumption_does_not_come_back(engine: Engine, broker: Broker) -> None:
    inbox, restored = Inbox(), Restored()
    gone = await broker.consume(LINE, inbox, prefetch=5)
    await gone.cancel()
    witness = Inbox()
    await broker.consume(event_queue("w", "ticket.*"), witness, prefetch=1, on_restored=restored)
    await engine.cut()
    await restored.wait()
    await publish_until_taken(broker, b"for nobody")

    async def waits() -> bool:
        return await broker.depth(LINE) == 1

    await eventually(waits)
    assert inbox.received == []


async def test_a_failing_on_restored_does_not_stop_the_consumption(engine: Engine, broker: Broker) -> None:
    inbox = Inbox(ack=True)

    async def fail() -> None:
        raise RuntimeError("the ledger could not be read")

    await broker.consume(LINE, inbox, prefetch=5, on_restored=fail)
    for body in (b"once", b"twice"):
        await engine.cut()
        await publish_until_taken(broker, body)
        assert body in {(await inbox.next()).body}


@pytest.mark.parametrize("times", [3])
async def test_recovery_again_and_again(engine: Engine, broker: Broker, times: int) -> None:
    inbox, restored = Inbox(ack=True), Restored()
    await broker.consume(LINE, inbox, prefetch=5, on_restored=restored)
    for number in range(times):
        await engine.cut()
        await restored.wait()
        await publish_until_taken(broker, b"%d" % number)
        assert (await inbox.next()).body == b"%d" % number
