"""The answer to one question, as an asynchronous iterator of events."""

import asyncio
from typing import Protocol, Self

from tokenline.client.follow import Event, Follow
from tokenline.client.models import Answer
from tokenline.contracts import frames as f
from tokenline.contracts.chat import Message
from tokenline.contracts.ids import ConversationId, TicketId


class Asker(Protocol):
    """The connection that a stream belongs to, as far as the stream needs it."""

    def stop(self, stream: "AnswerStream") -> None: ...

    def leave(self, stream: "AnswerStream") -> None: ...

    async def edit(self, ticket_id: TicketId, content: str) -> Message: ...

    async def stored_text(self, ticket_id: TicketId) -> str: ...


class AnswerStream:
    """``async for event in stream``: typed events until `Complete` or `Cancelled`, whatever happens to the connection.

    Raises the `TokenlineError` that ended the ticket, or `Unreachable` when no gateway was to be reached for too long
    (the ticket goes on: `Chat.resume` takes it up by `ticket_id` and `cursor`). Events that are not taken are merged,
    so a slow reader gets fewer and larger ones. For one reader at a time. Cancelling a read loses nothing; leaving
    the loop does not stop the ticket, `stop` does.
    """

    def __init__(self, chat: Asker, attempt: int = 0, offset: int = 0) -> None:
        self._chat = chat
        self._news = asyncio.Event()
        self._over = False
        self._end: f.Complete | f.Cancelled | None = None
        self.follow = Follow(self._news.set, attempt, offset)

    @property
    def ticket_id(self) -> TicketId | None:
        """``None`` until the question was accepted."""
        return self.follow.ticket_id

    @property
    def conversation_id(self) -> ConversationId | None:
        """``None`` until the question was accepted, and for a resumed ticket."""
        return self.follow.conversation_id

    @property
    def text(self) -> str:
        """What has come of the answer so far; of a resumed one, from where it was resumed."""
        return str(self.follow.text)

    @property
    def cursor(self) -> tuple[int, int]:
        """``(attempt, offset)`` of what the events so far have told: what `Chat.resume` goes on from."""
        return self.follow.given

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        while not self._over:
            self._news.clear()
            event = self.follow.take()
            if event is not None:
                if isinstance(event, f.Complete | f.Cancelled):
                    self._over, self._end = True, event
                return event
            if self.follow.ended:
                self._over = True
                if self.follow.error is not None:
                    raise self.follow.error
                break
            await self._news.wait()
        raise StopAsyncIteration

    async def accepted(self) -> TicketId:
        """The ticket's id, as soon as the question is safe. Takes no event. Raises what refused it."""
        while self.follow.ticket_id is None:
            if self.follow.error is not None:
                raise self.follow.error
            if self._over:
                raise RuntimeError("This stream was closed.")
            self._news.clear()
            await self._news.wait()
        return self.follow.ticket_id

    async def stop(self) -> None:
        """Stop at whatever stage; the text so far is kept and `Cancelled` follows (or `Complete`, if that was faster).

        Returns at once. The wish survives reconnects.
        """
        self._chat.stop(self)

    async def edit(self, content: str) -> Message:
        """Another text while the question waits; it keeps its place. Raises `TooLate` once a worker has it."""
        return await self._chat.edit(await self.accepted(), content)

    async def answer(self) -> Answer:
        """Take the remaining events and return the answer. Raises what iterating raises."""
        async for _ in self:
            pass
        if self._end is None:
            raise self.follow.error or RuntimeError("This stream was closed.")
        message = self._end.message if isinstance(self._end, f.Complete) else None
        ticket_id = self._end.ticket_id
        return Answer(
            text=self.text if self.follow.whole else await self._chat.stored_text(ticket_id),
            ticket_id=ticket_id,
            conversation_id=message.conversation_id if message else self.follow.conversation_id or "",
            stopped=message is None,
            citations=message.citations if message else (),
            unread=message.unread if message else (),
            usage=message.usage if message else None,
        )

    async def close(self) -> None:
        """Stop listening. The ticket goes on."""
        self._over = True
        self._news.set()
        self._chat.leave(self)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
