"""Tickets that were given up after their last attempt: seeing them, asking again, letting them go."""

import structlog

from services.admin_dashboard.depths import depth_of
from services.admin_dashboard.names import Names
from services.admin_dashboard.settings import DashboardSettings
from tokenline.contracts.admin import DeadLetter, DeadLetterPage
from tokenline.contracts.chat import Conversation, Message
from tokenline.contracts.errors import BrokerUnavailable, NotFound
from tokenline.contracts.events import ConversationChanged
from tokenline.contracts.ids import TicketId
from tokenline.contracts.tickets import Ticket, TicketState
from tokenline.contracts.topology import DEAD_QUEUE
from tokenline.core import ticket as moves
from tokenline.core.again import id_after
from tokenline.core.ports.broker import Broker
from tokenline.core.ports.store import Store
from tokenline.runtime.amend import amend
from tokenline.runtime.line import Line

log = structlog.get_logger()


class DeadLetters:
    def __init__(self, store: Store, broker: Broker, line: Line, names: Names, settings: DashboardSettings) -> None:
        self._store = store
        self._broker = broker
        self._line = line
        self._names = names
        self._settings = settings
        self._announcer = line.announcer

    async def page(self, cursor: str | None, limit: int) -> DeadLetterPage:
        """Raises `BadRequest` on a cursor that is not ours."""
        found = await self._store.dead_tickets(cursor=cursor, limit=limit)
        await self._names.load(ticket.owner_id for ticket in found.items)
        return DeadLetterPage(
            items=tuple(map(self._letter, found.items)),
            next=found.next,
            in_queue=await depth_of(self._broker, DEAD_QUEUE),
        )

    def _letter(self, ticket: Ticket) -> DeadLetter:
        return DeadLetter(
            ticket_id=ticket.id,
            user=self._names.of(ticket.owner_id),
            agent=ticket.agent_id,
            pool=ticket.pool,
            attempts=ticket.attempt,
            error=ticket.error,
            created_at=ticket.created_at,
            ended_at=ticket.finished_at,
        )

    async def retry(self, dead: Ticket) -> tuple[Ticket, bool]:
        """Ask the same question with a new ticket, and bury the dead one; False: that was done before.

        The new ticket's id follows from the dead one's, so that however often and from wherever it is asked for, there
        is one. Raises `NotFound` when ``dead`` is no dead letter or its conversation was deleted, and what
        `Store.accept` raises.
        """
        follows = id_after(dead)
        if not dead.dead:
            again = await self._store.get_ticket(follows)
            if again is None:
                raise NotFound("This ticket is no dead letter.")
            return again, False
        question = await self._store.get_message(dead.question_id)
        conversation = await self._store.get_conversation(dead.conversation_id)
        if question is None or conversation is None:
            raise NotFound("The conversation of this question was deleted.")
        ticket, created = await self._accept(dead, follows, question, conversation)
        buried = await self._bury(dead)
        return ticket, buried or created

    async def _accept(
        self, dead: Ticket, follows: TicketId, question: Message, conversation: Conversation
    ) -> tuple[Ticket, bool]:
        """Into the line, at the level of its owner: the dead ticket may have got another on its way."""
        owner = await self._store.get_user(dead.owner_id)
        if owner is None:
            raise NotFound("The account that asked this question is gone.")
        now = await self._store.now()
        draft = Ticket(
            id=follows,
            conversation_id=dead.conversation_id,
            owner_id=dead.owner_id,
            agent_id=dead.agent_id,
            pool=dead.pool,
            question_id=dead.question_id,
            # One question, one answer: whatever the dead ticket left of one is replaced.
            answer_id=dead.answer_id,
            priority=owner.tier,
            webhook_id=dead.webhook_id,
            created_at=now,
            deadline_at=now + self._settings.queue_timeout_s,
        )
        accepted = await self._store.accept(
            draft,
            question,
            conversation,
            user_limit=self._settings.user_limit,
            pool_limit=self._settings.pool_limit,
            now=now,
            again=True,
        )
        if accepted.created:
            self._announcer.announce(ConversationChanged(conversation=accepted.conversation))
            self._line.announce(accepted.ticket)
            if accepted.ticket.state is TicketState.QUEUED:
                await self._line.publish(accepted.ticket)
        return accepted.ticket, accepted.created

    async def discard(self, dead: Ticket) -> None:
        """Raises `NotFound` when it is no dead letter."""
        if not await self._bury(dead):
            raise NotFound("This ticket is no dead letter.")

    async def _bury(self, dead: Ticket) -> bool:
        """False when somebody did it before."""
        buried = await amend(self._store, dead.id, lambda read: moves.bury(read) if read.dead else None, known=dead)
        if buried is not None:
            await self._tidy()
        return buried is not None

    async def _tidy(self) -> None:
        """Once no dead letter is left, the notices of them in RabbitMQ are of no use, nor is what nobody could read."""
        if (await self._store.dead_tickets(limit=1)).items:
            return
        try:
            await self._broker.purge(DEAD_QUEUE)
        except BrokerUnavailable:
            log.warning("dead_letters.notices_left")
