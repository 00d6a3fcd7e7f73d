"""One chat connection that stays: it finds a gateway, comes back when cut, and its streams do not notice."""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from typing import Self

from tokenline.client.book import Book
from tokenline.client.credentials import Credentials
from tokenline.client.errors import Closed, Unreachable
from tokenline.client.follow import Follow
from tokenline.client.http import Http
from tokenline.client.link import Link, State
from tokenline.client.reconnect import Reconnect
from tokenline.client.stream import AnswerStream
from tokenline.client.tickets import Tickets
from tokenline.contracts import frames as f
from tokenline.contracts.chat import Message
from tokenline.contracts.errors import TokenlineError
from tokenline.contracts.ids import AttachmentId, ConversationId, MessageId, TicketId
from tokenline.core.clock import new_id


class Chat:
    """``async with client.connect() as chat``: any number of questions at once, up to 200 tickets.

    One background task owns the socket; it ends with the block. A connection that breaks, or is silent for 30 s, is
    made again, at the next gateway where several are known, and every stream goes on where it was. Streams raise only
    when that is not to be done: nobody answered for ``patience_s``, or the credential is refused.
    """

    _path = "/api/v1/chat/ws"

    def __init__(
        self,
        http: Http,
        credentials: Credentials,
        *,
        connect_s: float,
        patience_s: float,
        on_state: Callable[[State], None] | None = None,
    ) -> None:
        self.state: State = "connecting"
        self._tickets = Tickets(http, credentials)
        self._addresses = http.addresses
        self._connect_s = connect_s
        self._on_state = on_state
        self._book = Book(self._adopt)
        self._said = asyncio.Event()
        self._opened = asyncio.Event()
        self._failure: TokenlineError | None = None
        self._task: asyncio.Task[None] | None = None
        reconnect = Reconnect(http.addresses, connect_s, patience_s, random.random)
        self._link = Link(http, credentials, self._path, self._book, reconnect, self._said, self._become)

    # ── asking ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def send(
        self,
        content: str,
        *,
        conversation_id: ConversationId | None = None,
        agent_id: str | None = None,
        attachment_ids: Sequence[AttachmentId] = (),
        client_message_id: str | None = None,
        parent_id: MessageId | None = None,
        instead_of: MessageId | None = None,
    ) -> AnswerStream:
        """Ask a question, in a new conversation unless one is named. It is on its way when this returns.

        It continues the conversation's current path, unless it is asked after an earlier message (``parent_id``) or in
        the place of an earlier question (``instead_of``): then it begins a branch, and nothing that is there changes.

        It is sent again until a gateway accepts it; ``client_message_id`` (made up when left out) sees to it that it
        is asked once. Give one of your own to repeat a question after your program restarted. Raises `BadRequest` when
        200 tickets are under way here, and what ended the connection.
        """
        self._check_open()
        stream = AnswerStream(self)
        question = f.Send(
            client_message_id=client_message_id or new_id(time.time()),
            content=content,
            conversation_id=conversation_id,
            agent_id=agent_id,
            attachment_ids=tuple(attachment_ids),
            parent_id=parent_id,
            instead_of=instead_of,
        )
        self._book.ask(question, stream.follow)
        self._said.set()
        return stream

    async def retry(self, message_id: MessageId) -> AnswerStream:
        """Ask for another answer to a question, named by itself or by an answer to it, which stays reachable.

        While the question is being answered, that answer. Raises `NotFound`, `QueueFull`, `Busy`.
        """
        self._check_open()
        return await self.resume((await self._tickets.retry(message_id)).id)

    async def resume(self, ticket_id: TicketId, attempt: int = 0, offset: int = 0) -> AnswerStream:
        """Go on with a ticket, waiting, running or finished, from the `cursor` of an earlier stream.

        Without one, from the beginning of its answer. Raises `NotFound`.
        """
        self._check_open()
        view = await self._tickets.get(ticket_id)
        stream = AnswerStream(self, attempt, offset)
        stream.follow.conversation_id = view.conversation_id
        self._book.resume(ticket_id, stream.follow)
        self._said.set()
        return stream

    # ── for streams ──────────────────────────────────────────────────────────────────────────────────────────────────

    def stop(self, stream: AnswerStream) -> None:
        self._book.stop(stream.follow)
        self._said.set()

    def leave(self, stream: AnswerStream) -> None:
        self._book.leave(stream.follow)

    async def edit(self, ticket_id: TicketId, content: str) -> Message:
        return await self._tickets.edit(ticket_id, content)

    async def stored_text(self, ticket_id: TicketId) -> str:
        """Of an answer whose beginning is not here."""
        view = await self._tickets.get(ticket_id)
        return view.answer.content if view.answer else ""

    # ── from opening to closing ──────────────────────────────────────────────────────────────────────────────────────

    async def __aenter__(self) -> Self:
        """Raises `Unreachable` when no gateway answers within ``connect_s``, and `NotSignedIn`."""
        self._task = asyncio.create_task(self._run(), name="tokenline.chat")
        try:
            async with asyncio.timeout(self._connect_s):
                await self._opened.wait()
        except TimeoutError:
            await self._stop()
            where = ", ".join(self._addresses.all)
            raise Unreachable(f"No gateway answered at {where} within {self._connect_s:g} s.") from None
        except BaseException:
            await self._stop()
            raise
        if self._failure is not None:
            await self._stop()
            raise self._failure
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stop()

    async def _stop(self) -> None:
        self._end(Closed())
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            if not self._task.cancelled():
                self._task.result()

    async def _run(self) -> None:
        try:
            await self._link.run()
        except TokenlineError as error:
            self._end(error)
        except Exception as error:
            # A fault of this client: nobody must wait for ever because of it.
            self._end(TokenlineError(f"The connection failed: {error!r}"))
            raise

    def _end(self, error: TokenlineError) -> None:
        if self._failure is None:
            self._failure = error
            self._book.fail(error)
            self._become("closed")
            self._opened.set()

    def _become(self, state: State) -> None:
        if state == "reconnecting" and not self._opened.is_set():
            state = "connecting"
        if state == "open":
            self._opened.set()
        if state != self.state:
            self.state = state
            if self._on_state is not None:
                self._on_state(state)

    def _check_open(self) -> None:
        if self._failure is not None:
            raise self._failure
        if self._task is None:
            raise RuntimeError("Use this inside `async with client.connect() as chat`.")

    def _adopt(self) -> Follow | None:
        """Tickets that somebody else of this account asked for are theirs."""
        return None
