"""The gateway's routes, and the order in which its parts start and stop."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from fastapi import FastAPI

from services.gateway.deps import Deps
from services.gateway.erasing import SWEEP_S as ERASING_S
from services.gateway.erasing import Erasing
from services.gateway.keeper import SWEEP_S, Keeper
from services.gateway.openai_api.errors import OpenAIErrors
from services.gateway.openai_api.pictures import BODY_BYTES
from services.gateway.openai_api.routes import router as openai_router
from services.gateway.positions import SCAN_S, Positions
from services.gateway.republish import Republisher
from services.gateway.rest import (
    account,
    attachments,
    branches,
    conversations,
    exports,
    feedback,
    files,
    limits,
    line,
    messages,
    search,
    shares,
    tickets,
    uploads,
    webhooks,
)
from services.gateway.rest.exports import IMPORT_BYTES
from services.gateway.streams import QUIET_S, REPLY_S
from services.gateway.temporary import RENEW_S
from services.gateway.unsent import SWEEP_S as UNSENT_S
from services.gateway.unsent import Unsent
from services.gateway.ws.hub import Hub
from services.gateway.ws.routes import router as ws_router
from tokenline.contracts import metrics as m
from tokenline.contracts.errors import BrokerUnavailable
from tokenline.contracts.topology import INGEST_QUEUE, ticket_queue
from tokenline.core.clock import new_id
from tokenline.runtime.auth.api_keys import WRITE_USED_S
from tokenline.runtime.auth.oidc.wiring import offer_oidc
from tokenline.runtime.auth.revocations import LOOK_S
from tokenline.runtime.auth.routes import auth_router
from tokenline.runtime.body_limit import JSON_BYTES, MESSAGE_BYTES, Allowance, BodyLimit
from tokenline.runtime.documents.openapi import describe, operation_id
from tokenline.runtime.documents.served import router as asyncapi_router
from tokenline.runtime.eta_accuracy import EtaAccuracy
from tokenline.runtime.flood import Floodgate
from tokenline.runtime.health import broker_serves, probes
from tokenline.runtime.http_errors import install_error_handlers
from tokenline.runtime.line_gauges import LineGauges
from tokenline.runtime.pages import SecureHeaders, mount_page

METRICS = (
    m.QUEUE_DEPTH,
    m.QUEUE_HELD,
    m.RUNNING,
    m.WORKERS,
    m.ACCEPTED,
    m.ETA_ERROR,
    m.ETA_RANGE,
    m.SOCKETS,
    m.LEDGER_DRIFT,
    m.REPUBLISHED,
    m.AGED,
    m.FENCED,
    m.RATE_LIMITED,
    m.WEBHOOKS,
    m.FETCHES,
    m.UNSENT,
    m.FEEDBACK,
    m.STORE_WRITE,
    m.PUBLISH,
    m.BROKER_UP,
)
ROUTERS = (
    auth_router(),
    account.router,
    conversations.router,
    messages.router,
    feedback.router,
    search.router,
    exports.router,
    shares.router,
    branches.router,
    tickets.router,
    uploads.router,
    attachments.router,
    files.router,
    line.router,
    webhooks.router,
    limits.router,
    openai_router,
    ws_router,
    asyncapi_router,
)
ABOUT = (
    'The line in front of scarce AI capacity. Errors are `{"error": {"code", "message", "detail"}}` with the '
    "fitting status. `/asyncapi.json` describes the sockets and the event stream."
)
DIST = Path(__file__).parent / "web" / "dist"
COMPLETIONS = r"/v1/chat/completions"
LIMITS = (
    Allowance(path=r"/api/v1/chat/(conversations/[^/]+/)?messages", max_bytes=MESSAGE_BYTES),
    Allowance(path=r"/api/v1/chat/tickets/[^/]+", max_bytes=MESSAGE_BYTES),
    Allowance(path=r"/api/v1/chat/import", max_bytes=IMPORT_BYTES),
    Allowance(path=COMPLETIONS, max_bytes=4 * MESSAGE_BYTES),
)


def _uploads(deps: Deps) -> tuple[Allowance, ...]:
    """A file, and what multipart says around it. The routes judge the file itself, in words of their own."""
    max_bytes = int(deps.settings.upload_bytes) + JSON_BYTES
    return (
        Allowance(path=r"/api/v1/attachments", max_bytes=max_bytes, multipart=True),
        Allowance(path=r"/api/v1/attachments/uploads/[^/]+", max_bytes=max_bytes),
    )


def _pictures(deps: Deps) -> tuple[Allowance, ...]:
    if not any(agent.sees for agent in deps.agents.all):
        return ()
    return (Allowance(path=COMPLETIONS, max_bytes=BODY_BYTES),)


def create_app(deps: Deps) -> FastAPI:
    """Build; connect when served."""
    hub = Hub(deps.supervisor)
    positions = Positions(deps.feed.ledger, deps.streams, deps.broker, deps.clock)
    republisher = Republisher(deps.store, deps.broker, deps.line, deps.feed.ledger, deps.metrics)
    keeper = Keeper(
        deps.store,
        deps.line,
        republisher,
        deps.feed.ledger,
        deps.metrics,
        new_id(deps.clock.now()),
        deps.settings.ageing_s,
        also=[deps.temporary.sweep, deps.resumable.sweep, deps.fetching.sweep],
    )
    erasing = Erasing(deps.store, deps.line, deps.uploads, deps.resumable, new_id(deps.clock.now()))
    keep_s = deps.settings.unsent_files_s
    unsent = Unsent(deps.store, deps.uploads, deps.metrics, new_id(deps.clock.now()), keep_s)
    gauges = LineGauges(deps.feed, deps.metrics)
    accuracy = EtaAccuracy(deps.feed, deps.metrics, deps.clock)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await deps.store.open()
        await ensure_first_admin()
        async with deps.supervisor:
            deps.feed.on_event += [deps.streams.on_event, hub.on_event, accuracy.on_event]
            deps.feed.on_reload.append(deps.streams.on_reload)
            deps.supervisor.forever("revocations", deps.revocations.look, every_s=LOOK_S)
            deps.supervisor.forever("api_keys", deps.accounts.keys.write_used, every_s=WRITE_USED_S)
            deps.supervisor.spawn("start", start())
            yield
            await keeper.leave()
            await erasing.leave()
            await unsent.leave()
            await deps.webhook_sender.leave()
            await deps.announcer.flush()
        await deps.broker.close()
        await deps.search.close()
        await deps.webhook_sender.close()
        await deps.fetching.close()
        if deps.oidc is not None:
            await deps.oidc.close()
        await deps.line.confirmations.flush()
        await deps.store.close()

    async def ensure_first_admin() -> None:
        settings = deps.settings
        if settings.admin_email and settings.admin_password:
            await deps.accounts.ensure_first_admin(settings.admin_email, settings.admin_password.get_secret_value())

    async def start() -> None:
        deps.supervisor.spawn("connect", connect())
        await deps.feed.start(deps.supervisor)
        deps.supervisor.forever("positions", positions.scan, every_s=SCAN_S)
        deps.supervisor.forever("quiet", deps.streams.look_after_quiet, every_s=QUIET_S)
        deps.supervisor.forever("replies.late", deps.streams.look_for_replies, every_s=REPLY_S)
        deps.supervisor.forever("keeper", keeper.sweep, every_s=SWEEP_S)
        deps.supervisor.forever("erasures", erasing.sweep, every_s=ERASING_S)
        deps.supervisor.forever("unsent", unsent.sweep, every_s=UNSENT_S)
        deps.supervisor.forever("webhooks", deps.webhook_sender.look)
        deps.supervisor.forever("temporary", deps.temporary.renew, every_s=RENEW_S)

    async def connect() -> None:
        """Each step by itself until it works: a queue that cannot be declared must not leave the ledger deaf."""
        await deps.broker.connect()
        for queue in [*map(ticket_queue, {agent.pool for agent in deps.agents.all}), INGEST_QUEUE]:
            deps.supervisor.until_done(f"declare.{queue.name}", partial(deps.broker.declare, queue))
        deps.supervisor.until_done("replies", deps.streams.start)
        deps.supervisor.until_done("events", deps.feed.subscribe)

    async def hears() -> None:
        """What is told before a gateway listens would not reach its clients."""
        if not deps.feed.listening or not deps.streams.listening:
            raise BrokerUnavailable("This gateway does not hear from the others yet.")

    def read_gauges() -> None:
        gauges.read()
        deps.metrics.set(m.SOCKETS, hub.sockets)
        deps.metrics.set(m.BROKER_UP, deps.broker.connected)

    app = FastAPI(
        title="Tokenline",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=operation_id,
    )
    app.state.deps = deps
    app.state.hub = hub
    app.state.leave = deps.streams.leave_all
    app.state.accounts = deps.accounts
    offer_oidc(app, deps.oidc, deps.settings)
    install_error_handlers(app)
    app.add_middleware(BodyLimit, allowances=(*_pictures(deps), *LIMITS, *_uploads(deps)))
    app.add_middleware(
        Floodgate, authenticate=deps.accounts.authenticate, clock=deps.clock, refused=deps.limiting.refused
    )
    app.add_middleware(OpenAIErrors)
    app.add_middleware(SecureHeaders)
    checks = {"broker": broker_serves(deps.broker), "news": hears, "store": deps.store.ping}
    app.include_router(probes(checks, deps.metrics, read_gauges))
    for router in ROUTERS:
        app.include_router(router)
    describe(app, ABOUT)
    mount_page(app, DIST)
    return app
