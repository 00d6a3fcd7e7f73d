"""Entries of the line and heartbeats, with every field that a test does not care about filled in."""

from typing import Any

from msgspec.structs import replace

from tokenline.contracts.events import LineEntry, WorkerSeen
from tokenline.contracts.tickets import TicketState


def an_entry(number: int, at: float, **changes: Any) -> LineEntry:
    """``number`` makes id, owner and place; queued at ``at``."""
    draft = LineEntry(
        ticket_id=f"ticket-{number:05}",
        conversation_id=f"conversation-{number:05}",
        owner_id=f"user-{number:05}",
        agent_id="assistant",
        pool="default",
        priority=4,
        seq=number,
        state=TicketState.QUEUED,
        hold_reason=None,
        attempt=0,
        version=1,
        worker_id=None,
        created_at=at,
        queued_at=at,
        started_at=None,
        first_token_at=None,
        finished_at=None,
    )
    return replace(draft, **changes)


def claimed(entry: LineEntry, at: float) -> LineEntry:
    return replace(
        entry,
        state=TicketState.PROCESSING,
        attempt=entry.attempt + 1,
        version=entry.version + 1,
        worker_id="worker-1",
        started_at=at,
    )


def completed(entry: LineEntry, at: float) -> LineEntry:
    return replace(entry, state=TicketState.COMPLETE, version=entry.version + 1, finished_at=at)


def a_heartbeat(at: float, **changes: Any) -> WorkerSeen:
    draft = WorkerSeen(
        worker_id="worker-1", incarnation="first", pool="default", slots=4, busy=0, draining=False, at=at
    )
    return replace(draft, **changes)
