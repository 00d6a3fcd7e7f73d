"""Removes what belonged to deleted accounts: files, passages, conversations, tickets, and every mention. One gateway
at a time does it; each step may be repeated, so whoever is killed in between is followed by another."""

import structlog

from services.gateway.resumable import Resumable
from services.gateway.uploads import Uploads
from tokenline.contracts.accounts import Erasure
from tokenline.contracts.errors import TokenlineError
from tokenline.core.ports.store import Store
from tokenline.runtime.line import Line

log = structlog.get_logger()

LEASE = "erasures"
LEASE_S = 15.0
SWEEP_S = 5.0
SETTLE_S = 10.0
"""Whoever was let in before the account was closed has written by then: 2 s for what is remembered of rights, 5 s for
a call of the store. So nothing comes after it was looked for."""
BATCH = 50


class Erasing:
    """``sweep`` every `SWEEP_S`."""

    def __init__(self, store: Store, line: Line, uploads: Uploads, resumable: Resumable, holder: str) -> None:
        self._store = store
        self._line = line
        self._uploads = uploads
        self._resumable = resumable
        self._holder = holder

    async def sweep(self) -> None:
        if not await self._store.renew_lease(LEASE, self._holder, LEASE_S):
            return
        for erasure in await self._store.erasures(BATCH):
            try:
                if await self.go_on(erasure):
                    log.info("account.erased", user_id=erasure.user_id)
            except TokenlineError as error:
                # Ingest or the file store is away: the next sweep goes on, and the other accounts need not wait.
                log.warning("account.erasure_waits", user_id=erasure.user_id, reason=error.code)

    async def go_on(self, erasure: Erasure) -> bool:
        """Do what can be done by now; True when nothing is left."""
        owner = erasure.user_id
        await self._store.close_account(owner)
        for ticket in await self._store.live_tickets(owner):
            await self._line.stop(ticket)
        settled = await self._store.now() >= erasure.asked_at + SETTLE_S
        # A running one ends when its worker hears of it, or is given up.
        if await self._store.live_tickets(owner) or not settled:
            return False
        # Before files: one that is being finished becomes a file.
        await self._resumable.forget(owner)
        while attachments := await self._store.owned_attachments(owner, BATCH):
            await self._uploads.purge(attachments)
            await self._keep_lease()
        while conversations := await self._store.owned_conversations(owner, BATCH):
            for conversation_id in conversations:
                await self._store.delete_conversation(conversation_id)
            await self._keep_lease()
        await self._store.finish_erasure(erasure)
        return True

    async def leave(self) -> None:
        await self._store.drop_lease(LEASE, self._holder)

    async def _keep_lease(self) -> None:
        """Losing it is no harm: two may do this at once."""
        await self._store.renew_lease(LEASE, self._holder, LEASE_S)
