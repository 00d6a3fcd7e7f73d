"""One completion from its ticket to the client: as a whole, or as a stream."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator
from contextlib import aclosing, asynccontextmanager
from typing import TypeVar

from services.gateway.deps import Deps
from services.gateway.live import Cursor, End, LiveTicket
from services.gateway.openai_api import queue_state
from services.gateway.openai_api.chunks import Chunks, event, whole
from services.gateway.openai_api.errors import openai_error, worth_repeating
from tokenline.contracts import frames as f
from tokenline.contracts.chat import SharedMessage
from tokenline.contracts.errors import Cancelled, ErrorInfo, NotFound, NotSignedIn, Restarted, Stopping
from tokenline.contracts.replies import CallPiece
from tokenline.contracts.tickets import Ticket, TicketState
from tokenline.contracts.topology import gateway_of
from tokenline.runtime.auth.principal import Principal

HEARTBEAT_S = 15.0
COMES_BACK_S = 15.0
"""A client that named its request may repeat it after a broken connection; OpenAI's wait at most 8 s before they do."""

T = TypeVar("T")
News = f.ServerFrame | str | CallPiece

GONE = ErrorInfo(code=NotFound.code, message="The conversation of this completion was deleted.")
CANCELLED = Cancelled().info()
STOPPING = Stopping(retry_after_s=1).info()
BROKE_OFF = Restarted().info()
"""Text that was sent cannot be taken back from an OpenAI client."""


class Failed(Exception):
    """The ticket ended, but not in an answer."""

    def __init__(self, info: ErrorInfo, *, repeat: bool) -> None:
        super().__init__(info.code)
        self.info = info
        self.repeat = repeat
        """Whether the same request may fare better."""


class Completion:
    """``named``: the client gave the request a key, so that it may come back for the answer."""

    def __init__(self, deps: Deps, asker: Principal, ticket: Ticket, model: str, *, named: bool) -> None:
        self._deps = deps
        self._asker = asker
        self._ticket = ticket
        self._model = model
        self._named = named

    async def whole(self) -> dict[str, object]:
        """The answer as stored. Raises `Failed`. Cancelled, it stops the ticket.

        When this gateway stops, the answer has half of the time that is left to come; then the client is sent away
        while there is still somebody to say so.
        """
        cursor = Cursor()
        try:
            async with asyncio.timeout(None) as limit, self._followed(cursor, _end) as ends:
                async for end in ends:
                    if end is not None:
                        return whole(self._ticket, self._model, self._answer(end))
                    if self._deps.streams.leaving and limit.when() is None:
                        limit.reschedule(asyncio.get_running_loop().time() + self._deps.settings.graceful_s / 2)
        except TimeoutError:
            raise Failed(STOPPING, repeat=True) from None
        raise Failed(GONE, repeat=False)

    def _answer(self, end: End) -> SharedMessage:
        if end.error is not None:
            # A named request gets the same ticket again, whose end is this one.
            raise Failed(end.error, repeat=worth_repeating(end.error) and not self._named)
        if end.answer is None or end.state is TicketState.CANCELLED:
            raise Failed(CANCELLED, repeat=False)
        return end.answer

    async def stream(self, *, usage: bool, events: bool) -> AsyncGenerator[bytes]:
        """``events``: the client asked to hear of the line in them. Closed early, it stops the ticket."""
        try:
            async with aclosing(self._stream(usage=usage, events=events)) as chunks:
                async for chunk in chunks:
                    yield chunk
        except Failed as failed:
            yield _error(failed.info)

    async def _stream(self, *, usage: bool, events: bool) -> AsyncGenerator[bytes]:
        cursor, chunks, said = Cursor(), Chunks(self._ticket, self._model, usage=usage), False
        yield chunks.begin()
        async with self._followed(cursor, _news) as news:
            async for one in news:
                match one:
                    case str():
                        said = True
                        yield chunks.text(one)
                    case None:
                        yield b": still here\n\n"
                    case CallPiece():
                        said = True
                        for chunk in chunks.call(one):
                            yield chunk
                    case f.Queued() | f.Position() | f.Held() | f.Processing():
                        yield queue_state.comment(one)
                        if events:
                            yield chunks.beside(queue_state.EVENT, tokenline=queue_state.fields(one))
                    case f.Complete(message=answer):
                        for chunk in chunks.end(answer):
                            yield chunk
                        return
                    case f.Error(error=error):
                        yield _error(error)
                        return
                    case f.Cancelled():
                        yield _error(CANCELLED)
                        return
                    case f.Restarted() if not said:
                        continue
                    case f.Restarted() | f.Snapshot():
                        yield _error(BROKE_OFF)
                        return
        yield _error(GONE)

    @asynccontextmanager
    async def _followed(
        self, cursor: Cursor, look: Callable[[LiveTicket, Cursor], Iterable[T]]
    ) -> AsyncIterator[AsyncIterator[T | None]]:
        """Left before the ticket's end, it stops the ticket: nobody would come back for it, or nobody did.

        Raises `Failed` when the rights of whoever asked were taken back meanwhile.
        """
        news = self._deps.tickets.follow(self._asker, self._ticket, cursor, HEARTBEAT_S, look)
        try:
            async with aclosing(news):
                yield news
        except NotSignedIn as gone:
            raise Failed(gone.info(), repeat=False) from None
        finally:
            if not cursor.done:
                self._deps.supervisor.spawn(f"stop.{self._ticket.id}", self._stop())

    async def _stop(self) -> None:
        if self._named:
            await asyncio.sleep(COMES_BACK_S)
            if await self._came_back():
                return
        await self._deps.tickets.stop(self._asker, self._ticket.id)

    async def _came_back(self) -> bool:
        """Here, or at another gateway, which the ticket names then."""
        live = self._deps.streams.live.get(self._ticket.id)
        if live is not None and live.followers:
            return True
        ticket = await self._deps.store.get_ticket(self._ticket.id)
        return ticket is not None and set(map(gateway_of, ticket.reply_to)) != {self._deps.settings.gateway_id}


def _news(live: LiveTicket, cursor: Cursor) -> Iterator[News]:
    """As `LiveTicket.beyond`, and the calls that the client is to carry out."""
    for frame in live.beyond(cursor):
        if isinstance(frame, f.Complete):
            yield from live.calls_beyond(cursor)
        yield frame
    if not cursor.done:
        yield from live.calls_beyond(cursor)


def _end(live: LiveTicket, cursor: Cursor) -> Iterator[End]:
    if (end := live.final) is not None:
        cursor.done = True
        yield end


def _error(info: ErrorInfo) -> bytes:
    return event(openai_error(info)[1])
