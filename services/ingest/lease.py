"""Only one process reads an attachment at a time, so that two do not undo each other's progress."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tokenline.contracts.ids import AttachmentId, Incarnation
from tokenline.core.ports.store import TicketStore
from tokenline.runtime.supervisor import Supervisor

RENEW_S = 5.0
EXPIRE_S = 15.0
ASK_AGAIN_S = 1.0


@asynccontextmanager
async def held(
    store: TicketStore, attachment_id: AttachmentId, holder: Incarnation, *, waits: bool
) -> AsyncIterator[bool]:
    """Whether this process has it. ``waits``: until another process lets go; one that died does after `EXPIRE_S`."""
    name = f"ingest:{attachment_id}"

    async def renew() -> None:
        await store.renew_lease(name, holder, EXPIRE_S)

    if not await _take(store, name, holder, waits=waits):
        yield False
        return
    try:
        async with Supervisor() as supervisor:
            supervisor.forever(name, renew, every_s=RENEW_S)
            yield True
    finally:
        await store.drop_lease(name, holder)


async def _take(store: TicketStore, name: str, holder: Incarnation, *, waits: bool) -> bool:
    while not await store.renew_lease(name, holder, EXPIRE_S):
        if not waits:
            return False
        await asyncio.sleep(ASK_AGAIN_S)
    return True
