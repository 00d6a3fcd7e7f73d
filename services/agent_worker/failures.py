"""What becomes of a failed attempt: another one after a pause, or a terminal error that the user is told."""

import random

import structlog

from tokenline.contracts.base import pack
from tokenline.contracts.chat import Message
from tokenline.contracts.errors import BrokerUnavailable, QueueFull, TokenlineError
from tokenline.contracts.metrics import DEAD_LETTERS, RETRIES
from tokenline.contracts.tickets import Ticket, TicketOffer
from tokenline.contracts.topology import DEAD, DEAD_QUEUE
from tokenline.core.ports.broker import Broker
from tokenline.core.retry import delay_s, may_retry
from tokenline.core.ticket import spent
from tokenline.runtime.line import Line
from tokenline.runtime.metrics import Metrics

log = structlog.get_logger()


class Failures:
    def __init__(self, line: Line, broker: Broker, metrics: Metrics, attempts: int) -> None:
        self._line = line
        self._broker = broker
        self._metrics = metrics
        self._attempts = attempts

    def hopeless(self, ticket: Ticket) -> bool:
        """Whether what is offered has no attempt left: the last one ended with its worker."""
        return spent(ticket) >= self._attempts

    def suspect(self, claimed: Ticket) -> bool:
        """Whether this is its last attempt, and an earlier one ended with its worker.

        One such runs at a time, so that a ticket that kills workers takes the last attempt of no other with it.
        """
        return claimed.lost > 0 and spent(claimed) >= self._attempts

    async def handle(self, ticket: Ticket, error: TokenlineError, so_far: Message | None) -> Ticket | None:
        """The ticket as paused or ended; ``None`` when another attempt has it."""
        if may_retry(error, spent(ticket), self._attempts):
            pause = delay_s(error, ticket.attempt, random.random())  # noqa: S311 - jitter is no secret
            log.info("ticket.retried", ticket_id=ticket.id, attempt=ticket.attempt, cause=error.code, pause_s=pause)
            self._metrics.add(RETRIES, ticket.pool, error.code)
            return await self._line.pause(ticket, seconds=pause)
        return await self.give_up(ticket, error, so_far)

    async def give_up(self, ticket: Ticket, error: TokenlineError, so_far: Message | None = None) -> Ticket | None:
        """End it with this error and leave a dead letter for the administrator."""
        ended = await self._line.fail(ticket, error.info(), so_far, dead=True)
        if ended is not None:
            log.warning("ticket.failed", ticket_id=ticket.id, attempt=ticket.attempt, cause=error.code)
            self._metrics.add(DEAD_LETTERS, ticket.pool)
            await self._bury(ended)
        return ended

    async def _bury(self, ticket: Ticket) -> None:
        """The dead letter is a notice: the ticket itself ended in the store, so a lost one loses nothing."""
        offer = TicketOffer(ticket_id=ticket.id, publish_no=ticket.publish_no)
        try:
            await self._broker.publish(DEAD.name, DEAD_QUEUE.name, pack(offer))
        except (BrokerUnavailable, QueueFull):
            log.warning("dead_letter.unpublished", ticket_id=ticket.id)
