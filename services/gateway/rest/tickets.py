"""``/api/v1/chat/tickets``: polling, stopping, and the event stream."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict

from services.gateway.deps import Deps
from services.gateway.rest.answers import deps_of, served_all
from services.gateway.sse.stream import event_stream
from services.gateway.streams import answer_of
from tokenline.contracts.errors import NotFound, TooLate
from tokenline.contracts.frames import Eta
from tokenline.contracts.rest import Asked, TicketStatus
from tokenline.contracts.tickets import Ticket, TicketState
from tokenline.core.ticket import TERMINAL, line_entry
from tokenline.runtime.answers import answer
from tokenline.runtime.auth.http import Authenticated
from tokenline.runtime.documents.says import EVENT_STREAM, says

router = APIRouter(prefix="/api/v1/chat/tickets", tags=["tickets"])
GatewayDeps = Annotated[Deps, Depends(deps_of)]


class EditedQuestion(BaseModel):
    model_config = ConfigDict(extra="forbid")
    content: str


async def status_of(deps: Deps, ticket: Ticket) -> TicketStatus:
    waiting = ticket.state in (TicketState.HELD, TicketState.QUEUED)
    message = await answer_of(deps.store, ticket) if ticket.state in TERMINAL else None
    [view] = await served_all(deps.store, (message,)) if message else [None]
    return TicketStatus(
        id=ticket.id,
        conversation_id=ticket.conversation_id,
        state=ticket.state,
        attempt=ticket.attempt,
        pool=ticket.pool,
        priority=ticket.priority,
        position=deps.feed.ledger.position(line_entry(ticket)) if waiting else None,
        reason=ticket.hold_reason,
        eta=_eta(deps, ticket) if ticket.state is TicketState.QUEUED else None,
        answer_id=ticket.answer_id,
        answer=view,
        error=ticket.error,
    )


def _eta(deps: Deps, ticket: Ticket) -> Eta | None:
    forecast = deps.feed.ledger.forecast(ticket.pool, deps.clock.now())
    return forecast.at(deps.feed.ledger.position(line_entry(ticket)), ticket.priority) if forecast else None


@router.get("/{ticket_id}", summary="How far a ticket is")
@says(TicketStatus, NotFound)
async def read_ticket(ticket_id: str, asker: Authenticated, deps: GatewayDeps) -> Response:
    return answer(await status_of(deps, await deps.tickets.get(asker, ticket_id)))


@router.post("/{ticket_id}/cancel", summary="Stop")
@says(TicketStatus, NotFound)
async def cancel_ticket(ticket_id: str, asker: Authenticated, deps: GatewayDeps) -> Response:
    """At whatever stage; the text so far is kept. Stopping what has ended changes nothing."""
    return answer(await status_of(deps, await deps.tickets.stop(asker, ticket_id)))


@router.patch("/{ticket_id}", summary="Edit a waiting question")
@says(Asked, NotFound, TooLate)
async def edit_question(ticket_id: str, body: EditedQuestion, asker: Authenticated, deps: GatewayDeps) -> Response:
    """Another text while it waits; the place is kept. 409 ``too_late`` once a worker has it."""
    ticket, question = await deps.tickets.edit(asker, ticket_id, body.content)
    [message] = await served_all(deps.store, (question,))
    return answer(Asked(message=message, ticket=await status_of(deps, ticket)))


@router.get("/{ticket_id}/stream", summary="Follow a ticket")
@says(None, NotFound, media=EVENT_STREAM, about="Frames of the ticket; `/asyncapi.json` describes them.")
async def stream_ticket(ticket_id: str, asker: Authenticated, deps: GatewayDeps, request: Request) -> Response:
    """Server-sent events until the terminal one. ``Last-Event-ID`` resumes."""
    ticket = await deps.tickets.get(asker, ticket_id)
    return event_stream(deps.tickets, asker, ticket, request.headers.get("last-event-id"))
