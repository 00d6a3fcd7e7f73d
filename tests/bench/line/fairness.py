"""Fairness: one user with 500 questions beside 50 users with one each, against a run without the 500."""

import asyncio
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import structlog

from deploy.local.rabbitmq import PrivateNode
from services.gateway.accept import Question
from services.gateway.deps import Deps
from services.gateway.live import Cursor
from services.gateway.settings import GatewaySettings
from tests.bench.line.throughput import gateway, person
from tests.bench.rows import Row
from tests.support.limits import HARDLY_LIMITED
from tests.support.system import System
from tokenline.core.ports.store import Accepted
from tokenline.runtime.auth.principal import Principal

SLOTS = 4
ANSWER_S = 0.2
OTHERS = 50
FLOOD = 500
EVERY_S = 0.1
"""The others come one by one, so that four slots would just do for them."""
K = 2


def run() -> list[Row]:
    """Blocks for a minute and a half."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    with (
        tempfile.TemporaryDirectory(prefix="tokenline-bench-") as folder,
        PrivateNode(Path(folder, "rabbitmq")) as node,
    ):
        system = System(Path(folder), node.amqp_url(), cold=True)
        system.for_all(TOKENLINE_LOG_LEVEL="ERROR", TOKENLINE_BENCH_ANSWER_S=str(ANSWER_S))
        try:
            own = {"TOKENLINE_WORKER_ID": "worker-1", "TOKENLINE_SLOTS": str(SLOTS)}
            system.start("worker-1", "tests.bench.line.empty_worker", settings=own)
            settings = GatewaySettings(
                port=1,
                amqp_url=node.amqp_url(),
                data_dir=folder,
                secret_key=os.urandom(16).hex(),
                user_limit=K,
                limits=HARDLY_LIMITED,
            )
            alone, beside = asyncio.run(_measure(settings))
        finally:
            system.close()
    return [
        Row(id="Q6", what=f"wait of {OTHERS} users alone, p50", value=median(alone), unit="s"),
        Row(id="Q6", what=f"  beside one with {FLOOD} questions, p50", value=median(beside), unit="s"),
        Row(id="Q6", what=f"wait of {OTHERS} users alone, worst", value=max(alone), unit="s"),
        Row(id="Q6", what=f"  beside one with {FLOOD} questions, worst", value=max(beside), unit="s"),
        Row(id="Q6", what="  added to the p50, in services", value=(median(beside) - median(alone)) / ANSWER_S,
            unit="×", target=K),
    ]  # fmt: skip


async def _measure(settings: GatewaySettings) -> tuple[list[float], list[float]]:
    async with gateway(settings) as deps:
        alone = await _others(deps, range(OTHERS))
        greedy = await person(deps, 10_000)
        flood = [await deps.acceptance.ask(greedy, Question(content="?")) for _ in range(FLOOD)]
        beside = await _others(deps, range(OTHERS, 2 * OTHERS))
        for accepted in flood:
            await deps.line.stop(await deps.store.get_ticket(accepted.ticket.id) or accepted.ticket)
        return alone, beside


async def _others(deps: Deps, numbers: Sequence[int]) -> list[float]:
    """From acceptance to claim, seconds, of one question each."""

    async def one(place: int, asker: Principal) -> float:
        await asyncio.sleep(place * EVERY_S)
        return await _wait(deps, asker, await deps.acceptance.ask(asker, Question(content="?")))

    people = [await person(deps, number) for number in numbers]
    return await asyncio.gather(*(one(place, asker) for place, asker in enumerate(people)))


async def _wait(deps: Deps, asker: Principal, accepted: Accepted) -> float:
    async for _ in deps.tickets.frames(asker, accepted.ticket, Cursor(), idle_s=60):
        pass
    ended = await deps.store.get_ticket(accepted.ticket.id)
    if ended is None or ended.started_at is None:
        raise RuntimeError(f"a ticket was not answered: {ended}")
    return ended.started_at - ended.created_at
