"""Removes files that no message took: left in a composer, or stored for a request whose gateway was killed. One gateway
at a time does it; each step may be repeated, so whoever is killed in between is followed by another."""

from itertools import groupby

import structlog

from services.gateway.uploads import Uploads
from tokenline.contracts.errors import SearchUnavailable, TokenlineError
from tokenline.contracts.metrics import UNSENT
from tokenline.core.ports.store import Store
from tokenline.runtime.metrics import Metrics

log = structlog.get_logger()

LEASE = "unsent"
LEASE_S = 90.0
SWEEP_S = 30.0
SETTLE_S = 60.0
"""From the mark, after which no message takes it, to the deletion. Who looked at it before has taken it by then, in a
few calls of the store of 5 s at most."""
BATCH = 200


class Unsent:
    """``sweep`` every `SWEEP_S`. ``keep_s``: what a file has to be sent."""

    def __init__(self, store: Store, uploads: Uploads, metrics: Metrics, holder: str, keep_s: float) -> None:
        self._store = store
        self._uploads = uploads
        self._metrics = metrics
        self._holder = holder
        self._keep_s = keep_s

    async def sweep(self) -> None:
        if not await self._store.renew_lease(LEASE, self._holder, LEASE_S):
            return
        now = await self._store.now()
        await self._store.expire_unsent(now - self._keep_s, now, BATCH)
        expired = await self._store.expired_unsent(now - SETTLE_S, BATCH)
        for owner, files in groupby(sorted(expired, key=lambda file: file.owner_id), lambda file: file.owner_id):
            theirs = list(files)
            try:
                await self._uploads.purge(theirs)
            except SearchUnavailable:
                # Ingest is away for all of them. The next sweep goes on.
                log.warning("unsent.wait_for_ingest", files=len(expired))
                return
            except TokenlineError as error:
                log.warning("unsent.undeleted", owner_id=owner, reason=error.code)
                continue
            self._metrics.add(UNSENT, by=len(theirs))
            log.info("unsent.removed", owner_id=owner, files=len(theirs))

    async def leave(self) -> None:
        await self._store.drop_lease(LEASE, self._holder)
