"""What the dashboard's parts need, built once per process."""

from dataclasses import dataclass

from services.admin_dashboard.actions import Actions
from services.admin_dashboard.board import BoardModel
from services.admin_dashboard.dead_letters import DeadLetters
from services.admin_dashboard.history import History
from services.admin_dashboard.line import AdminLine
from services.admin_dashboard.moments import Moments
from services.admin_dashboard.names import Names
from services.admin_dashboard.pictures import Pictures
from services.admin_dashboard.settings import DashboardSettings
from services.admin_dashboard.truth import TruthCheck
from tokenline.core.clock import Clock
from tokenline.core.ports.broker import Broker
from tokenline.core.ports.store import Store
from tokenline.runtime.auth.accounts import Accounts
from tokenline.runtime.auth.oidc.sign_in import OidcSignIn
from tokenline.runtime.auth.revocations import Revocations
from tokenline.runtime.ledger_feed import LedgerFeed
from tokenline.runtime.line import Line
from tokenline.runtime.metrics import Metrics
from tokenline.runtime.supervisor import Supervisor


@dataclass
class Deps:
    settings: DashboardSettings
    store: Store
    broker: Broker
    clock: Clock
    metrics: Metrics
    accounts: Accounts
    revocations: Revocations
    supervisor: Supervisor
    feed: LedgerFeed
    board: BoardModel
    moments: Moments
    names: Names
    line: AdminLine
    moves: Line
    history: History
    truth: TruthCheck
    pictures: Pictures
    dead_letters: DeadLetters
    actions: Actions
    oidc: OidcSignIn | None = None
    """``None``: there is no provider to sign in at."""
