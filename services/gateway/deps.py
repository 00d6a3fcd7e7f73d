"""What the gateway's parts need, built once per process."""

from dataclasses import dataclass

from services.gateway.accept import Acceptance
from services.gateway.copies import Copies
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
from tokenline.core.clock import Clock
from tokenline.core.ports.broker import Broker
from tokenline.core.ports.files import Files
from tokenline.core.ports.search import Search
from tokenline.core.ports.store import Store
from tokenline.runtime.agents import Agents
from tokenline.runtime.announcer import Announcer
from tokenline.runtime.auth.accounts import Accounts
from tokenline.runtime.auth.oidc.sign_in import OidcSignIn
from tokenline.runtime.auth.revocations import Revocations
from tokenline.runtime.ledger_feed import LedgerFeed
from tokenline.runtime.limits import Limiting
from tokenline.runtime.line import Line
from tokenline.runtime.metrics import Metrics
from tokenline.runtime.supervisor import Supervisor


@dataclass
class Deps:
    settings: GatewaySettings
    store: Store
    broker: Broker
    files: Files
    search: Search
    agents: Agents
    clock: Clock
    metrics: Metrics
    accounts: Accounts
    revocations: Revocations
    supervisor: Supervisor
    feed: LedgerFeed
    line: Line
    streams: Streams
    acceptance: Acceptance
    tickets: Tickets
    uploads: Uploads
    resumable: Resumable
    fetching: Fetching
    file_links: FileLinks
    copies: Copies
    temporary: Temporary
    exports: Exports
    shares: Shares
    imports: Imports
    webhooks: Webhooks
    webhook_sender: WebhookSender
    announcer: Announcer
    limiting: Limiting
    oidc: OidcSignIn | None = None
    """``None``: there is no provider to sign in at."""
