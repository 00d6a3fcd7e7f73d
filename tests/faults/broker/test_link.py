"""What a bad link does to the adapter: F2 (an acknowledgement lost), F16 (a black hole), F17 (a confirm lost)."""

import asyncio
import time
from collections.abc import Iterator

import pytest
from pamqp.commands import Basic

from deploy.local.rabbitmq import PrivateNode
from tests.faults.broker.conftest import NodeBroker
from tests.support.broker import Inbox, eventually
from tests.support.proxy import Proxy
from tokenline.adapters.broker_rabbitmq.publisher import PUBLISH_LIMIT_S
from tokenline.contracts.errors import BrokerUnavailable
from tokenline.contracts.topology import TICKETS, ticket_queue


@pytest.fixture
def proxy(node: PrivateNode) -> Iterator[Proxy]:
    with Proxy(node.amqp_url(), Basic.Deliver) as between:
        yield between


async def test_f17_a_lost_confirm_counts_as_unknown_and_the_message_arrives(
    proxy: Proxy, node_broker: NodeBroker
) -> None:
    gateway, worker = await node_broker("gateway", url=proxy.url), await node_broker("worker")
    inbox = Inbox(ack=True)
    await worker.consume(ticket_queue("unsure"), inbox, prefetch=1)
    loss = proxy.lose(Basic.Ack, sent_by="server")
    began = time.monotonic()
    with pytest.raises(BrokerUnavailable):
        await gateway.publish(TICKETS.name, "unsure", b"unconfirmed")
    print(f"F17: the publish gave up after {time.monotonic() - began:.2f} s")
    assert loss.happened.is_set()
    await gateway.publish(TICKETS.name, "unsure", b"confirmed")
    assert await inbox.bodies(2) == [b"unconfirmed", b"confirmed"]


async def test_f2_a_lost_acknowledgement_brings_the_message_back(proxy: Proxy, node_broker: NodeBroker) -> None:
    gateway, worker = await node_broker("gateway"), await node_broker("worker", url=proxy.url)
    inbox = Inbox()
    await worker.consume(ticket_queue("unacknowledged"), inbox, prefetch=1)
    await gateway.publish(TICKETS.name, "unacknowledged", b"done")
    loss = proxy.lose(Basic.Ack, sent_by="client", then_cut=True)
    assert await (await inbox.next()).ack()
    await asyncio.to_thread(loss.wait)
    again = await inbox.next(5.0)
    assert (again.body, again.redelivered) == (b"done", True)
    assert await again.ack()


async def test_a_slow_link_costs_time_only_and_a_cut_one_comes_back(proxy: Proxy, node_broker: NodeBroker) -> None:
    gateway = await node_broker("gateway", url=proxy.url)
    await gateway.declare(ticket_queue("far"))
    proxy.delay(0.2)
    began = time.monotonic()
    await gateway.publish(TICKETS.name, "far", b"there and back")
    assert 0.4 <= time.monotonic() - began < PUBLISH_LIMIT_S
    proxy.delay(0.0)
    proxy.cut()

    async def noticed() -> bool:
        return not gateway.connected

    await eventually(noticed)
    async with asyncio.timeout(10.0):
        await gateway.wait_connected()
    await gateway.publish(TICKETS.name, "far", b"again")
    assert await gateway.depth(ticket_queue("far")) == 2


@pytest.mark.parametrize("unheard", ["client", "both"])
async def test_f16_what_a_black_holed_consumer_had_goes_to_another(
    proxy: Proxy, node_broker: NodeBroker, unheard: str
) -> None:
    gateway, lost, other = (
        await node_broker("gateway"),
        await node_broker("lost", url=proxy.url),
        await node_broker("b"),
    )
    line = ticket_queue(f"hole-{unheard}")
    first, second, restored = Inbox(), Inbox(ack=True), asyncio.Event()

    async def on_restored() -> None:
        restored.set()

    await lost.consume(line, first, prefetch=1, on_restored=on_restored)
    await gateway.publish(TICKETS.name, f"hole-{unheard}", b"in hand")
    held = await first.next()
    await other.consume(line, second, prefetch=1)
    began = time.monotonic()
    if unheard == "both":
        proxy.black_hole()
    else:
        proxy.black_hole("client")
    again = await second.next(15.0)
    took = time.monotonic() - began
    print(f"F16: redelivered after {took:.1f} s (what is sent by {unheard} is swallowed)")
    assert (again.body, again.redelivered) == (b"in hand", True)
    proxy.thaw()
    async with asyncio.timeout(15.0):
        await restored.wait()
    assert not await held.ack()
