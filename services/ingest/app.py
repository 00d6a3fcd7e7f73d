"""The ingest service: the order in which its parts start and stop, its two calls and its probes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from fastapi import FastAPI

from services.ingest import embedders, rebuild
from services.ingest.deps import Deps
from services.ingest.jobs import SWEEP_S, Jobs
from services.ingest.orphans import EVERY_S as ORPHANS_S
from services.ingest.orphans import Orphans, Passages, StoredFiles
from services.ingest.search import routes
from services.ingest.settings import IngestSettings
from services.ingest.settling import WAITING
from tokenline.contracts import metrics as m
from tokenline.contracts.errors import SearchUnavailable
from tokenline.core.clock import new_id
from tokenline.runtime.body_limit import BodyLimit
from tokenline.runtime.health import broker_serves, probes
from tokenline.runtime.http_errors import install_error_handlers
from tokenline.runtime.supervisor import RETRY_S, Supervisor

METRICS = (
    m.INGEST_STAGE,
    m.INGEST_FILES,
    m.ORPHANS,
    m.SEARCH,
    m.SEARCHES_BY_WORDS,
    m.PASSAGES_BY_WORDS,
    m.EMBEDDING_REFUSED,
    m.INDEX_FILES,
    m.INDEX_FILES_LEFT,
    m.STORE_WRITE,
    m.BROKER_UP,
)

log = structlog.get_logger()


def create_app(settings: IngestSettings, deps: Deps) -> FastAPI:
    """Build; connect when served."""
    supervisor = Supervisor()
    # Only the engine within this process is settled; of a server's jobs each process takes what it can run.
    waiting = WAITING if settings.qdrant_url is None else 0
    jobs = Jobs(deps, new_id(deps.clock.now()), supervisor, settings.parallel, waiting)
    files = Orphans(deps.store, StoredFiles(deps.files), deps.metrics)
    passages = Orphans(deps.store, Passages(deps.vectors), deps.metrics)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await deps.store.open()
        await _open_vectors(deps)
        async with deps.sandbox, supervisor:
            supervisor.forever("sweep", jobs.sweep, every_s=SWEEP_S)
            supervisor.forever("orphaned files", files.sweep, every_s=ORPHANS_S)
            supervisor.forever("orphaned passages", passages.sweep, every_s=ORPHANS_S)
            supervisor.forever("reindex", jobs.rebuild.look, every_s=rebuild.LOOK_S)
            supervisor.forever("embedding", deps.vectors.embedders.look, every_s=embedders.LOOK_S)
            supervisor.spawn("start", start())
            yield
            await jobs.stop_taking()
        await deps.line.announcer.flush()
        await deps.broker.close()
        await deps.vectors.close()
        await deps.line.confirmations.flush()
        await deps.store.close()

    async def start() -> None:
        await deps.broker.connect()
        await jobs.consume()

    app = FastAPI(title="Tokenline ingest", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    install_error_handlers(app)
    app.add_middleware(BodyLimit)
    app.include_router(routes(deps, jobs, settings.service_token.get_secret_value()))
    checks = {
        "broker": broker_serves(deps.broker),
        "store": deps.store.ping,
        "sandbox": deps.sandbox.check,
    }
    if deps.vectors.embedders.wanted.model is not None:
        checks["embedding"] = deps.vectors.embedders.check

    def before_scrape() -> None:
        deps.metrics.set(m.BROKER_UP, deps.broker.connected)

    def notes() -> dict[str, str]:
        said = {"index": jobs.rebuild.told, "embedding": deps.vectors.embedders.told}
        return {name: sentence for name, sentence in said.items() if sentence is not None}

    app.include_router(probes(checks, deps.metrics, before_scrape, notes))
    return app


async def _open_vectors(deps: Deps) -> None:
    """Wait for a server that is not up yet; a folder that cannot be opened ends the start."""
    while True:
        try:
            await deps.vectors.open()
        except SearchUnavailable:
            log.warning("vectors.unreachable")
            await asyncio.sleep(RETRY_S)
        else:
            return
