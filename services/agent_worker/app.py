"""The worker's door for Prometheus and probes, and the order in which its parts start and stop."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.agent_worker.commands import Commands
from services.agent_worker.deps import Deps
from services.agent_worker.intake import Intake
from services.agent_worker.leases import RENEW_S, Leases
from services.agent_worker.settings import WorkerSettings
from tokenline.contracts import metrics as m
from tokenline.core.clock import new_id
from tokenline.runtime.health import broker_serves, probes
from tokenline.runtime.supervisor import Supervisor

METRICS = (
    m.QUEUE_WAIT,
    m.FIRST_TOKEN,
    m.ANSWER,
    m.TOKENS,
    m.TOOL_CALLS,
    m.TOOL_SECONDS,
    m.TICKETS,
    m.RETRIES,
    m.DEAD_LETTERS,
    m.FENCED,
    m.RUNNING,
    m.STORE_WRITE,
    m.PUBLISH,
    m.BROKER_UP,
)


def create_app(settings: WorkerSettings, deps: Deps) -> FastAPI:
    """Build; connect when served."""
    supervisor = Supervisor()
    incarnation = new_id(deps.clock.now())
    intake = Intake(deps, settings, incarnation, supervisor)
    leases = Leases(deps, settings, incarnation, intake)
    commands = Commands(deps.broker, settings, incarnation, intake)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await deps.store.open()
        async with supervisor:
            supervisor.spawn("start", start())
            yield
            await intake.finish(settings.graceful_s / 2)
            await deps.publisher.flush()
            await leases.leave()
        await deps.broker.close()
        await deps.model.close()
        await deps.search.close()
        await deps.line.confirmations.flush()
        await deps.store.close()

    async def start() -> None:
        """The lease before the first claim, since a ticket without one counts as orphaned."""
        await supervisor.until_done("lease", leases.renew)
        supervisor.forever("leases", leases.renew, every_s=RENEW_S)
        supervisor.forever("publisher", deps.publisher.run)
        await deps.broker.connect()
        await supervisor.until_done("commands", commands.start)
        await supervisor.until_done("intake", intake.start)
        supervisor.forever("heartbeat", leases.beat)

    def read_gauges() -> None:
        deps.metrics.set(m.BROKER_UP, deps.broker.connected)
        deps.metrics.set(m.RUNNING, len(intake.runs), settings.pool)

    app = FastAPI(title="Tokenline agent worker", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(
        probes({"broker": broker_serves(deps.broker), "store": deps.store.ping}, deps.metrics, read_gauges)
    )
    return app
