"""``/api/v1/chat/tickets``: polling, stopping, and the event stream."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict

from services.gateway.deps import Deps
from services.gateway.rest.answers import answer, deps_of, message_views
from services.gateway.sse.stream import event_stream
from services.gateway.streams import answer_of
from tokenline.contracts.frames import Eta
from tokenline.contracts.tickets import Ticket, TicketState
from tokenline.core.ticket import TERMINAL, line_entry
from tokenline.runtime.auth.http import Authenticated

router = APIRouter(prefix="/api/v1/chat/tickets", tags=["tickets"])
GatewayDeps = Annotated[Deps, Depends(deps_of)]


class EditedQuestion(BaseModel):
    model_config = ConfigDict(extra="forbid")
    content: str


async def view_ticket(deps: Deps, ticket: Ticket) -> dict[str, Any]:
    """A ticket with its place in line and, once it has ended, its answer."""
    waiting = ticket.state in (TicketState.HELD, TicketState.QUEUED)
    message = await answer_of(deps.store, ticket) if ticket.state in TERMINAL else None
    [view] = await message_views(deps.store, (message,)) if message else [None]
    return {
        "id": ticket.id,
        "conversation_id": ticket.conversation_id,
        "state": ticket.state,
        "attempt": ticket.attempt,
        "pool": ticket.pool,
        "priority": ticket.priority,
        "position": deps.feed.ledger.position(line_entry(ticket)) if waiting else None,
        "reason": ticket.hold_reason,
        "eta": _eta(deps, ticket) if ticket.state is TicketState.QUEUED else None,
        "answer": view,
        "error": msgspec.to_builtins(ticket.error),
    }


def _eta(deps: Deps, ticket: Ticket) -> Eta | None:
    forecast = deps.feed.ledger.forecast(ticket.pool, deps.clock.now())
    return forecast.at(deps.feed.ledger.position(line_entry(ticket)), ticket.priority) if forecast else None


@router.get("/{ticket_id}")
async def read(ticket_id: str, asker: Authenticated, deps: GatewayDeps) -> Response:
    return answer(await view_ticket(deps, await deps.tickets.get(asker, ticket_id)))


@router.post("/{ticket_id}/cancel")
async def cancel(ticket_id: str, asker: Authenticated, deps: GatewayDeps) -> Response:
    return answer(await view_ticket(deps, await deps.tickets.stop(asker, ticket_id)))


@router.patch("/{ticket_id}")
async def edit(ticket_id: str, body: EditedQuestion, asker: Authenticated, deps: GatewayDeps) -> Response:
    """Another text while it waits; the place is kept. 409 ``too_late`` once a worker has it."""
    ticket, question = await deps.tickets.edit(asker, ticket_id, body.content)
    [message] = await message_views(deps.store, (question,))
    return answer({"message": message, "ticket": await view_ticket(deps, ticket)})


@router.get("/{ticket_id}/stream")
async def stream(ticket_id: str, asker: Authenticated, deps: GatewayDeps, request: Request) -> Response:
    """Server-sent events until the terminal one. ``Last-Event-ID`` resumes."""
    ticket = await deps.tickets.get(asker, ticket_id)
    return event_stream(deps.tickets, ticket, request.headers.get("last-event-id"))
