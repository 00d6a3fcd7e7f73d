"""Run the dashboard: ``python -m services.admin_dashboard``."""

from functools import partial

from services.admin_dashboard.actions import Actions
from services.admin_dashboard.app import METRICS, create_app
from services.admin_dashboard.board import BoardModel
from services.admin_dashboard.dead_letters import DeadLetters
from services.admin_dashboard.deps import Deps
from services.admin_dashboard.diary import Diary
from services.admin_dashboard.history import History
from services.admin_dashboard.line import AdminLine
from services.admin_dashboard.moments import Moments
from services.admin_dashboard.names import Names
from services.admin_dashboard.pictures import Pictures
from services.admin_dashboard.settings import DashboardSettings
from services.admin_dashboard.truth import TruthCheck
from tokenline.contracts.metrics import STORE_WRITE
from tokenline.core.clock import Clock, SystemClock, new_id
from tokenline.runtime.agents import load_agents
from tokenline.runtime.auth.accounts import Accounts
from tokenline.runtime.auth.oidc.wiring import open_oidc
from tokenline.runtime.auth.revocations import Revocations
from tokenline.runtime.ledger_feed import LedgerFeed
from tokenline.runtime.limits import count_refusal
from tokenline.runtime.line import Line
from tokenline.runtime.logging import configure_logging
from tokenline.runtime.metrics import Metrics
from tokenline.runtime.serve import run
from tokenline.runtime.supervisor import Supervisor
from tokenline.runtime.tracing import configure_tracing
from tokenline.runtime.wiring import open_broker, open_store

NAME = "admin"


def build_deps(settings: DashboardSettings) -> Deps:
    clock: Clock = SystemClock()
    metrics = Metrics(*METRICS)
    store = open_store(settings, clock, partial(metrics.observe, STORE_WRITE))
    broker = open_broker(settings, f"tokenline {NAME}")
    agents = load_agents(settings.agents_file, settings.model)
    feed = LedgerFeed(store, broker, clock, listener=f"{NAME}.{new_id(clock.now())}")
    board = BoardModel(feed.ledger, {agent.pool for agent in agents.all})
    moments = Moments(feed.ledger, board, clock)
    names = Names(store, clock)
    line = AdminLine(moments, names, broker)
    moves = Line(store, broker, user_limit=settings.user_limit)
    dead_letters = DeadLetters(store, broker, moves, names, settings)
    # Accounts are opened at the gateways.
    accounts = Accounts(
        store,
        clock,
        settings.secret_key.get_secret_value(),
        registration_open=False,
        former_secrets=[key.get_secret_value() for key in settings.former_secret_keys],
        limits=settings.limits,
        refused=partial(count_refusal, metrics),
    )
    return Deps(
        settings=settings,
        store=store,
        broker=broker,
        clock=clock,
        metrics=metrics,
        accounts=accounts,
        oidc=open_oidc(settings, store, clock, accounts),
        revocations=Revocations(store, accounts, clock),
        supervisor=Supervisor(),
        feed=feed,
        board=board,
        moments=moments,
        names=names,
        line=line,
        moves=moves,
        history=History(feed.ledger, board, clock),
        truth=TruthCheck(store, broker, feed.ledger, board),
        pictures=Pictures(feed, board, moments, line, broker, clock),
        dead_letters=dead_letters,
        actions=Actions(store, broker, moves, feed, board, dead_letters, Diary(store, clock), names),
    )


def main() -> None:
    settings = DashboardSettings()
    configure_logging(NAME, settings.log_level)
    configure_tracing(NAME, NAME)
    run(create_app(build_deps(settings)), settings)


if __name__ == "__main__":
    main()
