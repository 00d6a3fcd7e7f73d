"""One database of a MongoDB server through motor: every operation bounded, every failure one of ours.

motor's types stay in this file and the collections it hands out.
"""

import asyncio
import contextlib
import warnings
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeAlias

from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection, AsyncIOMotorDatabase
from pymongo import ReadPreference, WriteConcern
from pymongo.errors import ConfigurationError, PyMongoError

from tokenline.adapters.store_mongo.failures import engine_failure
from tokenline.contracts.errors import Misconfigured, StoreUnavailable
from tokenline.core.clock import Clock

CALL_LIMIT_S = 5.0
CAPACITY = 10_000
DEFAULT_DATABASE = "tokenline"

Document: TypeAlias = dict[str, Any]
Collection: TypeAlias = AsyncIOMotorCollection[Document]


class Collections:
    """Each by its name, so that a misspelt one is a type error."""

    def __init__(self, database: AsyncIOMotorDatabase[Document]) -> None:
        self.api_keys: Collection = database["api_keys"]
        self.attachments: Collection = database["attachments"]
        self.audit: Collection = database["audit"]
        self.branches: Collection = database["branches"]
        self.conversations: Collection = database["conversations"]
        self.counters: Collection = database["counters"]
        self.erasures: Collection = database["erasures"]
        self.gates: Collection = database["gates"]
        self.identities: Collection = database["identities"]
        self.index_state: Collection = database["index_state"]
        self.leases: Collection = database["leases"]
        self.messages: Collection = database["messages"]
        self.paused_pools: Collection = database["paused_pools"]
        self.refresh_families: Collection = database["refresh_families"]
        self.refresh_tokens: Collection = database["refresh_tokens"]
        self.schema: Collection = database["schema"]
        self.shares: Collection = database["shares"]
        self.tickets: Collection = database["tickets"]
        self.uploads: Collection = database["uploads"]
        self.used: Collection = database["used"]
        self.users: Collection = database["users"]
        self.webhooks: Collection = database["webhooks"]
        self._database = database

    async def server_time(self) -> float:
        """The clock of the server that takes our writes."""
        answer: Document = await self._database.command("hello")
        local_time: float = answer["localTime"].timestamp()
        return local_time

    async def build(self) -> Document:
        answer: Document = await self._database.command("buildInfo")
        return answer


class Database:
    """``reading`` and ``writing`` give the collections to one operation of the store.

    An operation has ``call_limit_s`` for all its commands; at most 10,000 may be under way. Beyond either:
    `StoreUnavailable`.
    """

    def __init__(
        self,
        url: str,
        clock: Clock,
        *,
        observe_write: Callable[[float], None] | None = None,
        call_limit_s: float = CALL_LIMIT_S,
    ) -> None:
        self._url = url
        self._clock = clock
        self._observe_write = observe_write
        self._call_limit_s = call_limit_s
        self._client: AsyncIOMotorClient[Document] | None = None
        self._collections: Collections | None = None
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def connect(self) -> None:
        """Takes the address apart; the server is looked for by the first operation. Raises `Misconfigured`."""
        if not self._url.startswith(("mongodb://", "mongodb+srv://")):
            raise Misconfigured("MONGO_URL must begin with mongodb:// or mongodb+srv://.")
        try:
            with warnings.catch_warnings():
                # An option that it does not understand (a misspelt `tls`, say) the driver would leave out.
                warnings.simplefilter("error", UserWarning)
                self._open()
        except (ConfigurationError, ValueError, UserWarning) as error:
            raise Misconfigured(f"MONGO_URL is not an address of MongoDB: {error}") from None

    def _open(self) -> None:
        limit_ms = int(self._call_limit_s * 1000)
        self._client = AsyncIOMotorClient(
            self._url,
            appname="tokenline",
            tz_aware=True,
            # For each command with its retries, waiting for a connection or an election included.
            timeoutMS=limit_ms,
            # The same for the goodbye, which the former does not bound.
            serverSelectionTimeoutMS=limit_ms,
            socketTimeoutMS=limit_ms,
        )
        # Whatever the address says: decisions need the primary, and an accepted question a majority's journals.
        database = self._client.get_default_database(
            DEFAULT_DATABASE,
            read_preference=ReadPreference.PRIMARY,
            write_concern=WriteConcern(w="majority", j=True),
        )
        self._collections = Collections(database)

    async def close(self) -> None:
        """Finish what was asked for; then nothing more is taken."""
        client, self._client, self._collections = self._client, None, None
        await self._idle.wait()
        if client is not None:
            # Says goodbye to the server, in this thread if we let it.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._call_limit_s):
                    await asyncio.to_thread(client.close)

    @contextlib.asynccontextmanager
    async def writing(self) -> AsyncIterator[Collections]:
        began = self._clock.monotonic()
        async with self.reading() as collections:
            yield collections
        if self._observe_write is not None:
            self._observe_write(self._clock.monotonic() - began)

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[Collections]:
        if self._collections is None:
            raise StoreUnavailable("The store is closed.")
        if self._under_way >= CAPACITY:
            raise StoreUnavailable("The store is overloaded. Nothing was saved; please try again.")
        self._under_way += 1
        self._idle.clear()
        try:
            async with asyncio.timeout(self._call_limit_s):
                yield self._collections
        except TimeoutError:
            raise StoreUnavailable("The store did not answer in time.") from None
        except PyMongoError as error:
            raise engine_failure(error) from error
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._idle.set()
