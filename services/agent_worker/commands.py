"""Obeys the commands on the control exchange."""

import structlog

from services.agent_worker.intake import Intake
from services.agent_worker.run import Stop
from services.agent_worker.settings import WorkerSettings
from tokenline.contracts.control import (
    AttachGateway,
    CancelTicket,
    DrainWorker,
    PausePool,
    unpack_control,
)
from tokenline.contracts.topology import control_queue
from tokenline.core.ports.broker import Broker, Consumption, Delivery

log = structlog.get_logger()


class Commands:
    def __init__(self, broker: Broker, settings: WorkerSettings, incarnation: str, intake: Intake) -> None:
        self._broker = broker
        self._settings = settings
        self._queue = control_queue(settings.worker_id, incarnation)
        self._intake = intake
        self._consumption: Consumption | None = None

    async def start(self) -> None:
        self._consumption = await self._broker.consume(self._queue, self._receive, prefetch=100)

    async def _receive(self, delivery: Delivery) -> None:
        await delivery.ack()
        match unpack_control(delivery.body):
            case CancelTicket(ticket_id=ticket_id):
                self._intake.tell(ticket_id, lambda run: run.stop(Stop.CANCELLED))
            case AttachGateway(ticket_id=ticket_id, gateway_id=gateway_id):
                self._intake.tell(ticket_id, lambda run: run.attach(gateway_id))
            case DrainWorker(worker_id=self._settings.worker_id):
                await self._intake.drain()
            case PausePool(pool=self._settings.pool, paused=paused):
                await self._intake.pause(paused=paused)
            case _:
                log.debug("control.ignored")
