"""Where a completion stands in the line: headers, stream comments, and events for those that ask."""

from typing import Any

from services.gateway.deps import Deps
from tokenline.contracts import frames as f
from tokenline.contracts.tickets import Ticket, TicketState
from tokenline.core.ticket import line_entry

EVENT = "tokenline.queue"
ASKED = "queue"
"""What a client says in ``x-tokenline-events`` to get them."""

QueueNews = f.Queued | f.Position | f.Held | f.Processing


def headers(deps: Deps, ticket: Ticket) -> dict[str, str]:
    """As of now."""
    position = deps.feed.ledger.position(line_entry(ticket))
    said = {"x-tokenline-ticket": ticket.id, "x-tokenline-position": str(position)}
    forecast = deps.feed.ledger.forecast(ticket.pool, deps.clock.now())
    if forecast is not None and ticket.state is TicketState.QUEUED:
        eta = forecast.at(position, ticket.priority)
        said["x-tokenline-eta-likely-s"] = f"{eta.likely_s:.1f}"
        said["x-tokenline-eta-worst-s"] = f"{eta.worst_s:.1f}"
    return said


def comment(news: QueueNews) -> bytes:
    """As in ``: position 3, 12 to 40 s, no worker for this agent``."""
    match news:
        case f.Queued(position=position, eta=eta, note=note) | f.Position(position=position, eta=eta, note=note):
            range_s = [f"{eta.likely_s:.0f} to {eta.worst_s:.0f} s"] if eta else []
            said = ", ".join([f"position {position}", *range_s, *([note] if note else [])])
        case f.Held(reason=reason, position=position):
            said = f"held {reason}, position {position}"
        case f.Processing():
            said = "processing"
    return b": %b\n\n" % said.encode()


def fields(news: QueueNews) -> dict[str, Any]:
    """What the event says, in one form for all of them."""
    match news:
        case f.Queued() | f.Position():
            state, position, eta, reason = "queued", news.position, news.eta, news.note
        case f.Held():
            state, position, eta, reason = "held", news.position, None, news.reason
        case f.Processing():
            state, position, eta, reason = "processing", 0, None, None
    return {"ticket_id": news.ticket_id, "state": state, "position": position, "eta": eta, "reason": reason}
