"""T8 and T9: how fast tickets go from acceptance to their end when answering takes no time, beside the bare broker."""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median

import aio_pika
import structlog

from deploy.local.rabbitmq import PrivateNode
from services.gateway.__main__ import build_deps
from services.gateway.accept import Question
from services.gateway.app import create_app
from services.gateway.deps import Deps
from services.gateway.live import Cursor
from services.gateway.settings import GatewaySettings
from tests.bench.machine import Meter
from tests.bench.rows import Row
from tests.support.broker import eventually
from tests.support.limits import HARDLY_LIMITED
from tests.support.system import System
from tokenline.core.clock import new_id
from tokenline.runtime.auth.principal import Principal

USERS = 64
TICKETS = 3000
QUIET_TICKETS = 200


def run(tickets: int = TICKETS) -> list[Row]:
    """Blocks for a minute."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    with (
        tempfile.TemporaryDirectory(prefix="tokenline-bench-") as folder,
        PrivateNode(Path(folder, "rabbitmq")) as node,
    ):
        system = System(Path(folder), node.amqp_url(), cold=True)
        system.for_all(TOKENLINE_LOG_LEVEL="ERROR")
        try:
            own = {"TOKENLINE_WORKER_ID": "worker-1", "TOKENLINE_SLOTS": str(USERS)}
            system.start("worker-1", "tests.bench.line.empty_worker", settings=own)
            settings = GatewaySettings(
                port=1,
                amqp_url=node.amqp_url(),
                data_dir=folder,
                secret_key="x" * 32,
                user_limit=2,
                limits=HARDLY_LIMITED,
            )
            pids = {
                "gateway": os.getpid(),
                "worker": system.processes["worker-1"].pid,
                "broker": node.state.pid,
            }
            return asyncio.run(_measure(settings, tickets, pids, node.amqp_url()))
        finally:
            system.close()


async def _measure(settings: GatewaySettings, tickets: int, pids: dict[str, int], amqp_url: str) -> list[Row]:
    async with gateway(settings) as deps:
        people = [await person(deps, number) for number in range(USERS)]
        await _ask(deps, people[:1], 20)
        waits = await _ask(deps, people[:1], QUIET_TICKETS)
        with Meter(pids) as meter:
            started = time.monotonic()
            await _ask(deps, people, tickets)
            rate = tickets / (time.monotonic() - started)
    bare = await bare_rate(amqp_url, tickets)
    claim_ms = sorted(wait * 1e3 for wait in waits)
    cpu = {name: seconds / tickets * 1e3 for name, seconds in meter.cpu_s.items()}
    share = rate / bare * 100
    return [
        Row(id="T8", what="accept → claim, unloaded, p50", value=median(claim_ms), unit="ms", target=10),
        Row(id="T8", what="accept → claim, unloaded, p99", value=claim_ms[int(len(claim_ms) * 0.99)], unit="ms",
            target=40),
        Row(id="T9", what="tickets accepted, confirmed, claimed, finished", value=rate, unit="/s", target=500,
            at_least=True),
        Row(id="T9", what="  of bare publish-confirm and consume-ack", value=share, unit="%", target=30, at_least=True),
        Row(id="T9", what="  bare publish-confirm and consume-ack", value=bare, unit="/s"),
        *(Row(id="T9", what=f"  CPU per ticket, {name}", value=value, unit="ms") for name, value in cpu.items()),
    ]  # fmt: skip


@asynccontextmanager
async def gateway(settings: GatewaySettings) -> AsyncIterator[Deps]:
    """The whole gateway but its port."""
    deps = build_deps(settings)
    app = create_app(deps)
    async with app.router.lifespan_context(app):
        await eventually(lambda: _served(deps))
        yield deps


async def _served(deps: Deps) -> bool:
    return deps.broker.connected and bool(deps.feed.ledger.workers)


async def person(deps: Deps, number: int) -> Principal:
    """Signed in."""
    user = await deps.accounts.create(f"user-{number}@example.org", None)
    return await deps.accounts.authenticate((await deps.accounts.sign_ins.begin(user, "")).access_token)


async def _ask(deps: Deps, people: list[Principal], tickets: int) -> list[float]:
    """Each asks again when answered, in one conversation; from acceptance to claim, seconds."""
    left = iter(range(tickets))
    waits: list[float] = []

    async def one(asker: Principal) -> None:
        conversation = None
        for _ in left:
            accepted = await deps.acceptance.ask(
                asker, Question(content="?", conversation_id=conversation, client_message_id=new_id(deps.clock.now()))
            )
            conversation = accepted.conversation.id
            async for _ in deps.tickets.frames(asker, accepted.ticket, Cursor(), idle_s=30):
                pass
            ended = await deps.store.get_ticket(accepted.ticket.id)
            if ended is None or ended.state != "complete" or ended.started_at is None:
                sys.exit(f"a ticket ended as {ended}")
            waits.append(ended.started_at - ended.created_at)

    async with asyncio.TaskGroup() as group:
        for asker in people:
            group.create_task(one(asker))
    return waits


async def bare_rate(amqp_url: str, messages: int) -> float:
    """Messages per second, published with confirms and consumed with acknowledgements by plain aio-pika."""
    publishing, consuming = await aio_pika.connect(amqp_url), await aio_pika.connect(amqp_url)
    async with publishing, consuming:
        there = await publishing.channel(publisher_confirms=True)
        here = await consuming.channel()
        await here.set_qos(prefetch_count=USERS)
        queue = await here.declare_queue("bare", durable=True, arguments={"x-max-priority": 10})
        done = asyncio.Event()
        seen = 0

        async def take(message: aio_pika.abc.AbstractIncomingMessage) -> None:
            nonlocal seen
            await message.ack()
            seen += 1
            if seen == messages:
                done.set()

        await queue.consume(take)
        left = iter(range(messages))

        async def publish() -> None:
            for _ in left:
                body = aio_pika.Message(b"x" * 60, delivery_mode=aio_pika.DeliveryMode.PERSISTENT, priority=4)
                await there.default_exchange.publish(body, "bare", mandatory=True)

        started = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for _ in range(USERS):
                group.create_task(publish())
        await done.wait()
        return messages / (time.monotonic() - started)


if __name__ == "__main__":
    for row in run():
        print(row)
