"""One ticket as an event stream. The event id is the cursor, ``attempt:offset``, so any gateway can go on from it."""

import re
from collections.abc import AsyncIterator

from fastapi.responses import StreamingResponse

from services.gateway.live import Cursor
from services.gateway.tickets import Tickets
from tokenline.contracts.base import to_json
from tokenline.contracts.errors import NotSignedIn
from tokenline.contracts.frames import Error, ServerFrame
from tokenline.contracts.tickets import Ticket
from tokenline.runtime.auth.principal import Principal

HEARTBEAT_S = 15.0
_EVENT_ID = re.compile(r"(\d{1,6}):(\d{1,9})")


def cursor_from(last_event_id: str | None) -> Cursor:
    """From the beginning when there is no such id, or not one of ours."""
    found = _EVENT_ID.fullmatch(last_event_id or "")
    return Cursor(attempt=int(found[1]), offset=int(found[2])) if found else Cursor()


def event_stream(tickets: Tickets, asker: Principal, ticket: Ticket, last_event_id: str | None) -> StreamingResponse:
    return StreamingResponse(
        _events(tickets, asker, ticket, cursor_from(last_event_id)),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


async def _events(tickets: Tickets, asker: Principal, ticket: Ticket, cursor: Cursor) -> AsyncIterator[bytes]:
    try:
        async for frame in tickets.frames(asker, ticket, cursor, HEARTBEAT_S, resumable=True):
            yield _event(frame, cursor) if frame is not None else b": still here\n\n"
    except NotSignedIn as gone:
        # Of the stream, not of the ticket, which whoever may signs in again goes on with.
        yield _event(Error(error=gone.info()), cursor)


def _event(frame: ServerFrame | str, cursor: Cursor) -> bytes:
    if isinstance(frame, str):
        name, data = "delta", frame.encode()
    else:
        name, data = str(frame.__struct_config__.tag), to_json(frame)
    return b"id: %d:%d\nevent: %s\ndata: %s\n\n" % (cursor.attempt, cursor.offset, name.encode(), data)
