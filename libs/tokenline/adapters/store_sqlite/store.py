"""All parts as one store."""

from collections.abc import Callable
from pathlib import Path

from tokenline.adapters.store_sqlite.accept import Accepting
from tokenline.adapters.store_sqlite.accounts import Accounts
from tokenline.adapters.store_sqlite.attachments import Attachments
from tokenline.adapters.store_sqlite.audit import Audit
from tokenline.adapters.store_sqlite.chat import Chat
from tokenline.adapters.store_sqlite.contents import Contents
from tokenline.adapters.store_sqlite.credentials import Credentials
from tokenline.adapters.store_sqlite.database import Database
from tokenline.adapters.store_sqlite.erasure import Erasing
from tokenline.adapters.store_sqlite.feedback import Feedbacks
from tokenline.adapters.store_sqlite.identities import Identities
from tokenline.adapters.store_sqlite.indexes import Indexes
from tokenline.adapters.store_sqlite.leases import Leases
from tokenline.adapters.store_sqlite.limits import Limits
from tokenline.adapters.store_sqlite.releasing import Releasing
from tokenline.adapters.store_sqlite.revocations import Revocations
from tokenline.adapters.store_sqlite.search import Search
from tokenline.adapters.store_sqlite.shares import Shares
from tokenline.adapters.store_sqlite.temporary import Temporary
from tokenline.adapters.store_sqlite.tickets import Tickets
from tokenline.adapters.store_sqlite.tree import Tree
from tokenline.adapters.store_sqlite.unsent import Unsent
from tokenline.adapters.store_sqlite.uploads import Uploads
from tokenline.adapters.store_sqlite.webhooks import Webhooks
from tokenline.core.clock import Clock


class SqliteStore(
    Accepting,
    Releasing,
    Tickets,
    Leases,
    Chat,
    Tree,
    Feedbacks,
    Accounts,
    Credentials,
    Revocations,
    Attachments,
    Audit,
    Webhooks,
    Limits,
    Search,
    Erasing,
    Temporary,
    Identities,
    Shares,
    Uploads,
    Indexes,
    Contents,
    Unsent,
):
    """Belongs to the event loop that opens it. At most 10,000 writes and as many reads wait; then `StoreUnavailable`.

    ``clock`` is the store's clock: it judges leases. ``observe_write`` hears the seconds each write took from the call
    to its durable commit, on the event loop.
    """

    def __init__(self, path: Path, clock: Clock, observe_write: Callable[[float], None] | None = None) -> None:
        super().__init__(Database(path, clock, observe_write=observe_write), clock)

    async def open(self) -> None:
        """Create the file and its folder where missing, and apply migrations; safe in several processes at once.

        Raises `Misconfigured` when a newer version of Tokenline has written the file.
        """
        await self._database.open()

    async def close(self) -> None:
        """Finish what was asked for; later calls raise `StoreUnavailable`."""
        await self._database.close()

    async def ping(self) -> None:
        """A small real write: nothing less would notice a full disk or a lock that is never released."""
        await self._database.execute("UPDATE counters SET value = value + 1 WHERE name = 'ping'")
