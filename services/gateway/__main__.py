"""Run one gateway: ``python -m services.gateway``."""

from functools import partial

from httpcore2 import default_ssl_context as system_trust

from services.gateway.accept import Acceptance
from services.gateway.app import METRICS, create_app
from services.gateway.copies import Copies
from services.gateway.deps import Deps
from services.gateway.exports import Exports
from services.gateway.fetching import Fetching
from services.gateway.file_links import FileLinks
from services.gateway.imports import Imports
from services.gateway.resumable import Resumable
from services.gateway.settings import GatewaySettings
from services.gateway.shares import Shares
from services.gateway.streams import Streams
from services.gateway.temporary import Temporary
from services.gateway.tickets import Tickets
from services.gateway.uploads import Uploads
from services.gateway.webhook_sender import WebhookSender
from services.gateway.webhooks import Webhooks
from services.gateway.ws.front import Front
from tokenline.adapters.fetcher_http import GuardedFetcher
from tokenline.adapters.files_obstore import ObstoreFiles
from tokenline.adapters.poster_http import GuardedPoster
from tokenline.adapters.search_http import IngestSearch
from tokenline.contracts.metrics import FENCED, PUBLISH, STORE_WRITE
from tokenline.core.clock import SystemClock, new_id
from tokenline.runtime.agents import load_agents
from tokenline.runtime.auth.accounts import Accounts
from tokenline.runtime.auth.oidc.wiring import open_oidc
from tokenline.runtime.auth.revocations import Revocations
from tokenline.runtime.ledger_feed import LedgerFeed
from tokenline.runtime.limits import Limiting
from tokenline.runtime.line import Line
from tokenline.runtime.logging import configure_logging
from tokenline.runtime.metrics import Metrics
from tokenline.runtime.serve import run
from tokenline.runtime.supervisor import Supervisor
from tokenline.runtime.tracing import configure_tracing
from tokenline.runtime.wiring import open_broker, open_store


def build_deps(settings: GatewaySettings) -> Deps:
    clock = SystemClock()
    metrics = Metrics(*METRICS)
    supervisor = Supervisor()
    store = open_store(settings, clock, partial(metrics.observe, STORE_WRITE))
    broker = open_broker(
        settings,
        f"tokenline {settings.gateway_id}",
        lambda exchange, seconds: metrics.observe(PUBLISH, seconds, exchange),
    )
    files = ObstoreFiles(settings.files or settings.data_dir / "files")
    search = IngestSearch(settings.ingest_url, settings.service_token.get_secret_value())
    agents = load_agents(settings.agents_file, settings.model)
    line = Line(store, broker, user_limit=settings.user_limit)
    announcer = line.announcer
    incarnation = new_id(clock.now())
    trust = system_trust()  # reading it takes 50 ms
    poster = GuardedPoster(settings.webhook_networks, settings.webhook_timeout_s, trust=trust)
    fetcher = GuardedFetcher(
        settings.fetch_networks,
        settings.fetch_ports,
        settings.fetch_timeout_s,
        min(settings.fetch_bytes, settings.upload_bytes),
        trust=trust,
    )
    webhooks = Webhooks(store, clock, settings)
    feed = LedgerFeed(store, broker, clock, listener=f"{settings.gateway_id}.{incarnation}")
    streams = Streams(
        store,
        broker,
        feed.ledger,
        supervisor,
        clock,
        settings.gateway_id,
        incarnation,
        observe_fenced=partial(metrics.add, FENCED),
    )
    limiting = Limiting(store, clock, metrics, settings.limits)
    accounts = Accounts(
        store,
        clock,
        settings.secret_key.get_secret_value(),
        settings.registration_open,
        [key.get_secret_value() for key in settings.former_secret_keys],
        settings.limits,
        limiting.refused,
    )
    revocations = Revocations(store, accounts, clock)
    uploads = Uploads(store, files, search, broker, announcer, clock, settings.upload_bytes)
    resumable = Resumable(store, files, uploads, clock, settings.unfinished_uploads)
    return Deps(
        settings=settings,
        store=store,
        broker=broker,
        files=files,
        search=search,
        agents=agents,
        clock=clock,
        metrics=metrics,
        accounts=accounts,
        oidc=open_oidc(settings, store, clock, accounts),
        revocations=revocations,
        supervisor=supervisor,
        feed=feed,
        line=line,
        streams=streams,
        acceptance=Acceptance(store, line, feed, streams, announcer, agents, clock, metrics, settings, supervisor),
        tickets=Tickets(store, line, streams, announcer, revocations),
        uploads=uploads,
        resumable=resumable,
        fetching=Fetching(store, files, fetcher, uploads, line, supervisor, clock, metrics, settings.fetch_timeout_s),
        file_links=FileLinks(store, accounts.tokens, clock),
        copies=Copies(store, uploads, announcer, limiting, clock),
        shares=Shares(store, agents, clock, settings.secret_key.get_secret_value()),
        exports=Exports(store, agents, clock),
        imports=Imports(store, agents, announcer),
        temporary=Temporary(store, line, feed.ledger, uploads, resumable, announcer),
        webhooks=webhooks,
        webhook_sender=WebhookSender(store, poster, supervisor, metrics, settings, incarnation),
        announcer=announcer,
        limiting=limiting,
    )


def main() -> None:
    settings = GatewaySettings()
    configure_logging(settings.gateway_id, settings.log_level)
    configure_tracing("gateway", settings.gateway_id)
    app = create_app(build_deps(settings))
    run(app, settings, Front(app))


if __name__ == "__main__":
    main()
