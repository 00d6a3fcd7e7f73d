"""All parts as one store."""

from collections.abc import Callable

import structlog

from tokenline.adapters.store_mongo.accept import Accepting
from tokenline.adapters.store_mongo.accounts import Accounts
from tokenline.adapters.store_mongo.attachments import Attachments
from tokenline.adapters.store_mongo.audit import Audit
from tokenline.adapters.store_mongo.chat import Chat
from tokenline.adapters.store_mongo.contents import Contents
from tokenline.adapters.store_mongo.credentials import Credentials
from tokenline.adapters.store_mongo.database import CALL_LIMIT_S, Collections, Database
from tokenline.adapters.store_mongo.erasure import Erasing
from tokenline.adapters.store_mongo.failures import refuses_us
from tokenline.adapters.store_mongo.feedback import Feedbacks
from tokenline.adapters.store_mongo.identities import Identities
from tokenline.adapters.store_mongo.indexes import Indexes
from tokenline.adapters.store_mongo.layout import lay_out
from tokenline.adapters.store_mongo.leases import Leases
from tokenline.adapters.store_mongo.limits import Limits
from tokenline.adapters.store_mongo.part import StoreTime
from tokenline.adapters.store_mongo.releasing import Releasing
from tokenline.adapters.store_mongo.revocations import Revocations
from tokenline.adapters.store_mongo.schema import VERSION, migrate, migrated
from tokenline.adapters.store_mongo.search import Search
from tokenline.adapters.store_mongo.shares import Shares
from tokenline.adapters.store_mongo.temporary import Temporary
from tokenline.adapters.store_mongo.tickets import Tickets
from tokenline.adapters.store_mongo.tree import Tree
from tokenline.adapters.store_mongo.unsent import Unsent
from tokenline.adapters.store_mongo.uploads import Uploads
from tokenline.adapters.store_mongo.webhooks import Webhooks
from tokenline.contracts.errors import Misconfigured, StoreUnavailable
from tokenline.core.clock import Clock

log = structlog.get_logger()


class MongoStore(
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
    """Belongs to the event loop that opens it.

    ``url`` names the server or replica set, and the database in its path (``tokenline``, if none). ``clock`` is this
    process's own; leases are judged by ``store_time``, the server's clock unless a test says otherwise.
    ``observe_write`` hears the seconds that each writing operation took.
    """

    def __init__(
        self,
        url: str,
        clock: Clock,
        observe_write: Callable[[float], None] | None = None,
        *,
        store_time: StoreTime = Collections.server_time,
        call_limit_s: float = CALL_LIMIT_S,
    ) -> None:
        database = Database(url, clock, observe_write=observe_write, call_limit_s=call_limit_s)
        super().__init__(database, clock, store_time)

    async def open(self) -> None:
        """Connect and make what is missing; safe in several processes at once.

        Raises `Misconfigured` when the address or its credentials are none, or a newer version of Tokenline has written
        the database.
        """
        self._database.connect()
        try:
            async with self._database.writing() as db:
                if "ferretdbVersion" in await db.build():
                    # It reads, decides and writes in separate steps, so a claim could have two winners.
                    log.warning("store.not_atomic", server="FerretDB 1")
                version = await migrate(db)
            if version < VERSION:
                await lay_out(self._database)
                async with self._database.writing() as db:
                    await migrated(db)
        except StoreUnavailable as error:
            if refuses_us(error.__cause__):
                raise Misconfigured("The server refuses the user or the password in MONGO_URL.") from error
            raise

    async def close(self) -> None:
        """Finish what was asked for; later calls raise `StoreUnavailable`."""
        await self._database.close()

    async def ping(self) -> None:
        """A small real write: nothing less would notice a server that takes none."""
        async with self._database.writing() as db:
            await db.counters.update_one({"_id": "ping"}, {"$inc": {"value": 1}}, upsert=True)
