"""Accepts a question: stored first, then published. From the first on it is safe."""

from typing import Any

import msgspec
from msgspec.structs import replace
from opentelemetry.trace import SpanKind

from services.gateway.settings import GatewaySettings
from services.gateway.streams import Streams
from tokenline.contracts.base import Shape
from tokenline.contracts.chat import ContextTurn, Conversation, FollowUp, Message, MessageStatus, TitleSource
from tokenline.contracts.errors import BadRequest, QueueFull, RateLimited, TooLarge
from tokenline.contracts.events import ConversationChanged, Event, TicketChanged
from tokenline.contracts.ids import AgentId, AttachmentId, ConversationId, MessageId, TicketId, WebhookId
from tokenline.contracts.limits import LimitName
from tokenline.contracts.metrics import ACCEPTED
from tokenline.contracts.tickets import Ticket, TicketState
from tokenline.contracts.topology import reply_key
from tokenline.core import titles
from tokenline.core.access import owned_by
from tokenline.core.again import next_id, wanted
from tokenline.core.clock import Clock, new_id
from tokenline.core.ports.store import Accepted, Store
from tokenline.core.ports.store.temporary import UNKEPT_S
from tokenline.core.ticket import LIVE, bury, line_entry
from tokenline.runtime.agents import Agents
from tokenline.runtime.amend import amend
from tokenline.runtime.announcer import Announcer
from tokenline.runtime.auth.principal import Principal
from tokenline.runtime.ledger_feed import LedgerFeed
from tokenline.runtime.limits import Limiting
from tokenline.runtime.line import Line
from tokenline.runtime.metrics import Metrics
from tokenline.runtime.supervisor import Supervisor
from tokenline.runtime.tracing import ticket_span

MAX_QUESTION_BYTES = 128 * 1024


class Question(Shape):
    """What somebody asks. ``conversation_id`` ``None``: in a new conversation."""

    content: str
    conversation_id: ConversationId | None = None
    client_message_id: str | None = None
    agent_id: AgentId | None = None
    attachment_ids: tuple[AttachmentId, ...] = ()
    context: tuple[ContextTurn, ...] = ()
    after_tools: bool = False
    options: dict[str, Any] = msgspec.field(default_factory=dict)
    follow_up: FollowUp = FollowUp.QUEUE
    """Of a new conversation."""
    title: str | None = None
    """Of a new conversation; ``None``: it is named after what is said in it."""
    webhook_id: WebhookId | None = None
    """Whom to tell of the ticket's end."""
    parent_id: MessageId | None = None
    """The message it is asked after; ``None``: the last one of the current path."""
    instead_of: MessageId | None = None
    """The question in whose place it is asked."""
    temporary: bool = False
    """A new conversation is to leave nothing behind."""
    archived: bool = False
    """A new conversation starts out archived: it is a program's, not for anybody's sidebar."""


class Acceptance:
    def __init__(
        self,
        store: Store,
        line: Line,
        feed: LedgerFeed,
        streams: Streams,
        announcer: Announcer,
        agents: Agents,
        clock: Clock,
        metrics: Metrics,
        settings: GatewaySettings,
        supervisor: Supervisor,
    ) -> None:
        self._store = store
        self._line = line
        self._feed = feed
        self._streams = streams
        self._announcer = announcer
        self._agents = agents
        self._clock = clock
        self._metrics = metrics
        self._settings = settings
        self._supervisor = supervisor
        self._limiting = Limiting(store, clock, metrics, settings.limits)

    async def ask(self, asker: Principal, question: Question) -> Accepted:
        """Store question and ticket, then publish in the background.

        Idempotent by ``client_message_id``. Raises `BadRequest`, `TooLarge`, `NotFound` (conversation,
        agent, attachment or webhook), `Busy`, `QueueFull`, `RateLimited`, `StoreUnavailable`; then nothing is stored or
        charged.
        """
        self._check(question)
        if question.webhook_id is not None:
            owned_by(asker.user_id, await self._store.get_webhook(question.webhook_id))
        conversation = await self._conversation(asker, question)
        draft, message = self._draft(asker, question, conversation)
        with ticket_span("ticket.accept", draft, kind=SpanKind.SERVER, root=True) as span:
            accepted = await self._store_it(
                asker,
                draft,
                message,
                conversation,
                begins=question.conversation_id is None,
                after=question.parent_id,
                instead_of=question.instead_of,
            )
            # A repeated question has its own short trace, which points at the ticket it was accepted as before.
            span.set_attribute("tokenline.ticket_id", accepted.ticket.id)
            span.set_attribute("tokenline.state", accepted.ticket.state.value)
        return self._taken(accepted)

    async def ask_again(self, asker: Principal, message_id: MessageId) -> Accepted:
        """Another answer to a question, named by itself or by an answer to it, which stays reachable.

        While it is being answered nothing new is asked: its ticket is returned. Raises `NotFound`, `Busy`, `QueueFull`,
        `RateLimited`.
        """
        named = owned_by(asker.user_id, await self._store.get_message(message_id))
        question = named if named.role == "user" else await self._question_of(named)
        conversation = owned_by(asker.user_id, await self._store.get_conversation(question.conversation_id))
        former = await self._store.get_ticket(question.ticket_id) if question.ticket_id is not None else None
        if former is not None and former.state in LIVE:
            return Accepted(ticket=former, question=question, conversation=conversation, created=False)
        beside = named if named.role == "assistant" else None
        if beside is None and former is not None:
            beside = await self._store.get_message(former.answer_id)
        draft = self._ticket(asker, conversation, question.id, next_id(question, former))
        answer_id, instead_of = wanted(former, beside, draft.answer_id)
        draft = replace(draft, answer_id=answer_id, instead_of=instead_of)
        with ticket_span("ticket.accept", draft, kind=SpanKind.SERVER, root=True):
            asked = replace(question, status=MessageStatus.SENT)
            accepted = await self._store_it(asker, draft, asked, conversation, again=True)
        if former is not None and former.dead:
            await amend(self._store, former.id, lambda read: bury(read) if read.dead else None, known=former)
        return self._taken(accepted)

    async def _question_of(self, answer: Message) -> Message:
        question = await self._store.get_message(answer.parent_id) if answer.parent_id is not None else None
        return owned_by(answer.owner_id, question)

    def _taken(self, accepted: Accepted) -> Accepted:
        """Counts it and puts it into the line, if it is not there."""
        if accepted.created:
            self._metrics.add(ACCEPTED, accepted.ticket.pool)
            # Counted here at once, so that the next to ask at this gateway stands behind it.
            self._feed.take(TicketChanged(entry=line_entry(accepted.ticket)))
            self._streams.expect(accepted.ticket)
            self._supervisor.spawn(f"publish.{accepted.ticket.id}", self._into_the_line(accepted))
        return accepted

    async def _store_it(
        self,
        asker: Principal,
        draft: Ticket,
        message: Message,
        conversation: Conversation,
        *,
        begins: bool = False,
        again: bool = False,
        after: MessageId | None = None,
        instead_of: MessageId | None = None,
    ) -> Accepted:
        """``begins``: the conversation is new, and counts as well."""
        counted = (LimitName.MESSAGES, LimitName.CONVERSATIONS) if begins else (LimitName.MESSAGES,)
        tokens = self._limiting.charges(asker, LimitName.TOKENS, amount=0)
        try:
            return await self._store.accept(
                replace(draft, counts_for=tokens) if tokens else draft,
                message,
                conversation,
                user_limit=self._settings.user_limit,
                pool_limit=self._settings.pool_limit,
                now=draft.created_at,
                again=again,
                after=after,
                instead_of=instead_of,
                charges=self._limiting.charges(asker, *counted) + tokens,
            )
        except QueueFull as error:
            raise self._full(draft, error) from None
        except RateLimited as error:
            self._limiting.refused(error)
            raise

    async def _into_the_line(self, accepted: Accepted) -> None:
        conversation = accepted.conversation
        events: list[Event] = [TicketChanged(entry=line_entry(accepted.ticket))]
        if conversation.title:
            events.append(ConversationChanged(conversation=conversation))
        self._announcer.announce(*events)
        if conversation.follow_up is FollowUp.INTERRUPT:
            await self._interrupt(accepted.ticket)
        if accepted.ticket.state is TicketState.QUEUED:
            await self._line.publish(accepted.ticket, alone=False)
        if conversation.temporary:
            await self._store.keep_temporary(conversation.id, UNKEPT_S)
        if not conversation.title:
            self._announcer.announce(ConversationChanged(conversation=await self._titled(accepted)))

    async def _interrupt(self, ticket: Ticket) -> None:
        """Stop what is live of the conversation and came before: whatever is not held, or was held earlier.

        Nothing when ``ticket`` has ended itself: a later one interrupted it, and would be taken for an earlier one.
        """
        live = await self._store.live_tickets(ticket.owner_id)
        if all(other.id != ticket.id for other in live):
            return
        for other in live:
            if other.conversation_id != ticket.conversation_id or other.id == ticket.id:
                continue
            if other.state is not TicketState.HELD or other.seq < ticket.seq:
                await self._line.stop(other)

    async def _titled(self, accepted: Accepted) -> Conversation:
        """The conversation, named after its first question if nobody has named it yet."""
        if accepted.conversation.temporary:
            return accepted.conversation
        # As it is by now: publishing may have taken seconds in which the user changed it.
        question = await self._store.get_message(accepted.question.id) or accepted.question
        title = titles.of_question(question.content)
        named = await self._store.change_conversation(
            accepted.conversation.id, lambda stored: titles.renamed(stored, title, TitleSource.QUESTION)
        )
        return named or accepted.conversation

    def _full(self, draft: Ticket, error: QueueFull) -> QueueFull:
        """With the honest wait, where there is something to reckon it from."""
        ledger = self._feed.ledger
        forecast = ledger.forecast(draft.pool, self._clock.now())
        if forecast is None:
            return error
        wait_s = forecast.at(ledger.pool(draft.pool).back(draft.priority), draft.priority).likely_s
        return QueueFull(error.message, **(error.detail | {"retry_after_s": max(1.0, wait_s)}))

    def _check(self, question: Question) -> None:
        check_content(question.content)
        if question.parent_id is not None and question.instead_of is not None:
            raise BadRequest("A question is asked after a message or in the place of one, not both.")
        if len(question.attachment_ids) > self._settings.attachments_per_message:
            raise BadRequest(f"A message can have at most {self._settings.attachments_per_message} attachments.")

    async def _conversation(self, asker: Principal, question: Question) -> Conversation:
        now = self._clock.now()
        if question.conversation_id is not None:
            return owned_by(asker.user_id, await self._store.get_conversation(question.conversation_id))
        return Conversation(
            id=new_id(now),
            owner_id=asker.user_id,
            agent_id=self._agents.get(question.agent_id).id,
            title="" if question.temporary else question.title or titles.of_question(question.content),
            temporary=question.temporary,
            title_from=TitleSource.USER if question.title else TitleSource.QUESTION,
            archived=question.archived,
            follow_up=question.follow_up,
            created_at=now,
            updated_at=now,
        )

    def _draft(self, asker: Principal, question: Question, conversation: Conversation) -> tuple[Ticket, Message]:
        now = self._clock.now()
        message = Message(
            id=new_id(now),
            conversation_id=conversation.id,
            owner_id=asker.user_id,
            role="user",
            content=question.content,
            status=MessageStatus.SENT,
            ticket_id=new_id(now),
            client_message_id=question.client_message_id,
            attachment_ids=question.attachment_ids,
            context=question.context,
            after_tools=question.after_tools,
            options=question.options,
            created_at=now,
        )
        ticket = self._ticket(asker, conversation, message.id, message.ticket_id or "")
        return replace(ticket, webhook_id=question.webhook_id), message

    def _ticket(
        self, asker: Principal, conversation: Conversation, question_id: MessageId, ticket_id: TicketId
    ) -> Ticket:
        now = self._clock.now()
        agent = self._agents.get(conversation.agent_id)
        return Ticket(
            id=ticket_id,
            conversation_id=conversation.id,
            owner_id=asker.user_id,
            agent_id=agent.id,
            pool=agent.pool,
            question_id=question_id,
            answer_id=new_id(now),
            priority=asker.tier,
            reply_to=(reply_key(self._settings.gateway_id),),
            created_at=now,
            deadline_at=now + self._settings.queue_timeout_s,
        )


def check_content(content: str) -> None:
    """Raises `BadRequest` when there is nothing in it and `TooLarge` when there is too much."""
    if not content.strip():
        raise BadRequest("The message is empty.")
    if len(content.encode("utf-8", "surrogatepass")) > MAX_QUESTION_BYTES:
        raise TooLarge(
            f"The message is longer than {MAX_QUESTION_BYTES // 1024} KiB. Attach the text as a file instead.",
            max_bytes=MAX_QUESTION_BYTES,
        )
