"""Shows that this worker lives: a heartbeat for the line, a lease in the store, and a look at what others wish."""

import asyncio
import contextlib

import structlog

from services.agent_worker.deps import Deps
from services.agent_worker.intake import Intake
from services.agent_worker.run import Stop
from services.agent_worker.settings import WorkerSettings
from tokenline.contracts.errors import BrokerUnavailable
from tokenline.contracts.events import WorkerGone, WorkerSeen
from tokenline.core.ports.store import worker_lease
from tokenline.runtime.line import same_attempt

log = structlog.get_logger()

HEARTBEAT_S = 2.0
SOON_S = 0.25
"""Changes within it are told together."""
RENEW_S = 5.0
EXPIRE_S = 15.0


class Leases:
    def __init__(self, deps: Deps, settings: WorkerSettings, incarnation: str, intake: Intake) -> None:
        self._deps = deps
        self._settings = settings
        self._incarnation = incarnation
        self._intake = intake
        self._announcer = deps.line.announcer
        self._lease = worker_lease(settings.worker_id, incarnation)

    async def beat(self) -> None:
        """Show that this worker lives, every `HEARTBEAT_S` and soon after it took or ended a ticket."""
        await self.heartbeat()
        await asyncio.sleep(SOON_S)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(HEARTBEAT_S - SOON_S):
                await self._intake.changed.wait()
        self._intake.changed.clear()

    async def heartbeat(self) -> None:
        self._announcer.announce(
            WorkerSeen(
                worker_id=self._settings.worker_id,
                incarnation=self._incarnation,
                pool=self._settings.pool,
                slots=self._settings.slots,
                busy=len(self._intake.runs),
                draining=self._intake.draining or self._intake.paused,
                at=self._deps.clock.now(),
            )
        )

    async def renew(self) -> None:
        """Extend the lease; then see whether running tickets are wanted otherwise, and whether the pool is paused."""
        await self._deps.store.renew_lease(self._lease, self._incarnation, EXPIRE_S)
        for ticket_id, run in list(self._intake.runs.items()):
            ticket = await self._deps.store.get_ticket(ticket_id)
            if ticket is None or not same_attempt(ticket, run.ticket):
                if self._intake.runs.get(ticket_id) is run and not run.ending:
                    run.stop(Stop.FENCED)
                continue
            if ticket.cancel_requested:
                run.stop(Stop.CANCELLED)
            for gateway in set(ticket.reply_to) - run.gateways:
                run.attach(gateway)
        paused = self._settings.pool in await self._deps.store.paused_pools()
        # Without a broker nothing is taken anyway; it is said again next time.
        with contextlib.suppress(BrokerUnavailable):
            await self._intake.pause(paused=paused)

    async def leave(self) -> None:
        """Say goodbye, so that nobody waits for this worker."""
        await self._deps.store.drop_lease(self._lease, self._incarnation)
        self._announcer.announce(WorkerGone(worker_id=self._settings.worker_id, incarnation=self._incarnation))
        await self._announcer.flush()
