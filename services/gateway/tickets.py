"""What a user may do with a ticket of theirs: look, follow, edit while it waits, stop."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from typing import TypeVar

from msgspec.structs import replace

from services.gateway.accept import check_content
from services.gateway.live import Cursor, Follower, LiveTicket
from services.gateway.streams import Streams
from services.gateway.watched import WatchedStream
from tokenline.contracts.chat import Conversation, Message, TitleSource
from tokenline.contracts.errors import NotFound, TooLate
from tokenline.contracts.events import ConversationChanged, QuestionEdited
from tokenline.contracts.frames import ServerFrame
from tokenline.contracts.ids import TicketId
from tokenline.contracts.tickets import Ticket
from tokenline.core import ticket as moves
from tokenline.core import titles
from tokenline.core.access import owned_by
from tokenline.core.ports.store import Store
from tokenline.runtime.amend import amend
from tokenline.runtime.announcer import Announcer
from tokenline.runtime.auth.principal import Principal
from tokenline.runtime.auth.revocations import Revocations
from tokenline.runtime.line import Line

T = TypeVar("T")


class Tickets:
    def __init__(
        self, store: Store, line: Line, streams: Streams, announcer: Announcer, revocations: Revocations
    ) -> None:
        self._store = store
        self._line = line
        self._streams = streams
        self._announcer = announcer
        self._revocations = revocations

    async def get(self, asker: Principal, ticket_id: TicketId) -> Ticket:
        """Raises `NotFound` for a missing ticket and for somebody else's."""
        return owned_by(asker.user_id, await self._store.get_ticket(ticket_id))

    async def stop(self, asker: Principal, ticket_id: TicketId) -> Ticket:
        """Stop at whatever stage. A waiting ticket ends at once; a running one when its worker hears of it.

        Stopping what has ended changes nothing. Raises `NotFound`.
        """
        stopped = await self._line.stop(await self.get(asker, ticket_id))
        return stopped or await self.get(asker, ticket_id)

    async def edit(self, asker: Principal, ticket_id: TicketId, content: str) -> tuple[Ticket, Message]:
        """Another text for a question that waits; it keeps its place.

        Raises `NotFound`, `TooLate` once a worker has it, and what `check_content` raises.
        """
        check_content(content)
        ticket = await self.get(asker, ticket_id)
        question = await self._store.get_message(ticket.question_id)
        if question is None:
            raise NotFound
        edited = replace(question, content=content)
        try:
            # Conditional on the ticket: a worker that claims it at the same time sees the edit, or we see the claim.
            written = await amend(self._store, ticket_id, moves.touch, known=ticket, messages=[edited])
        except moves.IllegalMove as moved_on:
            raise TooLate(ticket_id=ticket_id, state=moved_on.ticket.state) from None
        if written is None:
            raise NotFound
        event = QuestionEdited(ticket_id=ticket_id, owner_id=asker.user_id, question_id=edited.id)
        self._announcer.announce(event)
        await self._retitle(question, edited)
        return written, edited

    async def _retitle(self, question: Message, edited: Message) -> None:
        """A conversation that was named after the question is named after what it says instead."""
        former, title = titles.of_question(question.content), titles.of_question(edited.content)

        def retitled(stored: Conversation) -> Conversation:
            named_so = stored.title_from is TitleSource.QUESTION and stored.title == former
            return replace(stored, title=title) if named_so else stored

        renamed = await self._store.change_conversation(question.conversation_id, retitled)
        if renamed is not None and renamed.title == title:
            self._announcer.announce(ConversationChanged(conversation=renamed))

    def frames(
        self, asker: Principal, ticket: Ticket, cursor: Cursor, idle_s: float, *, resumable: bool = False
    ) -> AsyncIterator[ServerFrame | str | None]:
        """What happens to the ticket beyond the cursor, until its terminal frame; ``None`` after each ``idle_s`` of
        nothing, and when this gateway stops. The cursor is past each frame when it is handed out.

        Close the iterator to stop following. ``resumable``: it ends early when this gateway stops. Raises
        `NotSignedIn` when the rights of the asker, whose ticket it is, were taken back.
        """
        return self.follow(asker, ticket, cursor, idle_s, LiveTicket.beyond, resumable=resumable)

    async def follow(
        self,
        asker: Principal,
        ticket: Ticket,
        cursor: Cursor,
        idle_s: float,
        look: Callable[[LiveTicket, Cursor], Iterable[T]],
        *,
        resumable: bool = False,
    ) -> AsyncGenerator[T | None]:
        """As `frames`, for those who look at it in their own way; over when ``look`` has set the cursor to done."""
        woken = asyncio.Event()
        follower = Follower(ticket.id, lambda _: woken.set(), cursor)
        watched = WatchedStream(asker, woken.set)
        self._revocations.watch(watched)
        try:
            await self._streams.join(ticket, follower)
            live = self._streams.live.get(ticket.id)
            while live is not None and not (resumable and self._streams.leaving):
                woken.clear()
                watched.check()
                for news in look(live, cursor):
                    yield news
                if cursor.done:
                    return
                if self._streams.leaving:
                    yield None
                try:
                    async with asyncio.timeout(idle_s):
                        await woken.wait()
                except TimeoutError:
                    yield None
        finally:
            self._revocations.leave(watched)
            self._streams.leave(follower)
