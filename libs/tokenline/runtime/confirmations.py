"""Notes in the store which offers the broker has confirmed, many in one write."""

import asyncio
from contextlib import suppress

import structlog

from tokenline.contracts.errors import StoreUnavailable
from tokenline.contracts.tickets import TicketOffer
from tokenline.core.ports.store import TicketStore

log = structlog.get_logger()

GATHER_S = 0.25
"""So long offers gather. The keeper judges what is unconfirmed after seconds (`services.gateway.republish`)."""


class Confirmations:
    """What is not written, because the process or the store fails, is published once more, which is harmless.

    The buffer holds what the broker confirmed in `GATHER_S` and while one write is under way, which the store bounds in
    time; what a store that is away does not take is let go.
    """

    def __init__(self, store: TicketStore) -> None:
        self._store = store
        self._gathered: list[TicketOffer] = []
        self._writing: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()

    def note(self, offer: TicketOffer) -> None:
        self._gathered.append(offer)
        if self._writing is None:
            self._writing = asyncio.create_task(self._write(), name="confirmations")
            self._writing.add_done_callback(self._written)

    async def flush(self) -> None:
        """Wait until all is written; before the store is closed."""
        self._hurry.set()
        while self._writing is not None:
            await asyncio.wait([self._writing])

    async def _write(self) -> None:
        try:
            while self._gathered:
                with suppress(TimeoutError):
                    async with asyncio.timeout(GATHER_S):
                        await self._hurry.wait()
                gathered, self._gathered = self._gathered, []
                try:
                    await self._store.confirm_published(gathered)
                except StoreUnavailable as error:
                    log.warning("tickets.unconfirmed", tickets=len(gathered), reason=error.code)
        finally:
            # Not when the task is seen to be done: what is noted in between would wait for the next one.
            self._writing = None

    def _written(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("confirmations.failed", exc_info=error)
