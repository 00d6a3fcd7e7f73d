"""The dashboard's routes, and the order in which its parts start and stop."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from fastapi import FastAPI

from services.admin_dashboard import ws
from services.admin_dashboard.deps import Deps
from services.admin_dashboard.history import EVERY_S
from services.admin_dashboard.rest import actions, records, views
from tokenline.contracts import metrics as m
from tokenline.contracts.events import Event
from tokenline.runtime.auth.api_keys import WRITE_USED_S
from tokenline.runtime.auth.oidc.wiring import offer_oidc
from tokenline.runtime.auth.revocations import LOOK_S
from tokenline.runtime.auth.routes import auth_router
from tokenline.runtime.body_limit import BodyLimit
from tokenline.runtime.documents.openapi import describe, operation_id
from tokenline.runtime.documents.served import admin_router as asyncapi_router
from tokenline.runtime.flood import Floodgate
from tokenline.runtime.health import broker_serves, probes
from tokenline.runtime.http_errors import install_error_handlers
from tokenline.runtime.limits import count_refusal
from tokenline.runtime.line_gauges import LineGauges
from tokenline.runtime.pages import SecureHeaders, mount_page

METRICS = (
    m.QUEUE_DEPTH,
    m.QUEUE_HELD,
    m.RUNNING,
    m.WORKERS,
    m.SOCKETS,
    m.LEDGER_DRIFT,
    m.RATE_LIMITED,
    m.STORE_WRITE,
    m.BROKER_UP,
)
ROUTERS = (auth_router(), views.router, records.router, actions.router, ws.router, asyncapi_router)
ABOUT = "The administrators' view of the line: what is so, what was done, what to do."
DIST = Path(__file__).parent / "web" / "dist"


def create_app(deps: Deps) -> FastAPI:
    """Build; connect when served."""
    gauges = LineGauges(deps.feed, deps.metrics)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await deps.store.open()
        async with deps.supervisor:
            deps.feed.on_event.append(hear)
            deps.feed.on_reload.append(catch_up)
            deps.supervisor.forever("revocations", deps.revocations.look, every_s=LOOK_S)
            deps.supervisor.forever("api_keys", deps.accounts.keys.write_used, every_s=WRITE_USED_S)
            deps.supervisor.spawn("broker", connect())
            deps.supervisor.until_done("start", start)
            yield
        await deps.moves.announcer.flush()
        await deps.broker.close()
        if deps.oidc is not None:
            await deps.oidc.close()
        await deps.moves.confirmations.flush()
        await deps.store.close()

    def hear(event: Event) -> None:
        deps.board.take(event, deps.clock.now())

    def catch_up() -> None:
        deps.board.catch_up(deps.clock.now())

    async def start() -> None:
        await deps.feed.start(deps.supervisor)
        deps.supervisor.forever("history", deps.history.record, every_s=EVERY_S)
        deps.supervisor.forever("pictures", deps.pictures.keep)

    async def connect() -> None:
        await deps.broker.connect()
        deps.supervisor.until_done("subscribe", deps.feed.subscribe)

    def read_gauges() -> None:
        gauges.read()
        deps.metrics.set(m.SOCKETS, deps.pictures.watchers)
        deps.metrics.set(m.BROKER_UP, deps.broker.connected)

    app = FastAPI(
        title="Tokenline admin",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=operation_id,
    )
    app.state.deps = deps
    app.state.accounts = deps.accounts
    offer_oidc(app, deps.oidc, deps.settings)
    install_error_handlers(app)
    app.add_middleware(BodyLimit)
    app.add_middleware(
        Floodgate,
        authenticate=deps.accounts.authenticate,
        clock=deps.clock,
        refused=partial(count_refusal, deps.metrics),
    )
    app.add_middleware(SecureHeaders)
    app.include_router(
        probes({"broker": broker_serves(deps.broker), "store": deps.store.ping}, deps.metrics, read_gauges)
    )
    for router in ROUTERS:
        app.include_router(router)
    describe(app, ABOUT)
    mount_page(app, DIST)
    return app
