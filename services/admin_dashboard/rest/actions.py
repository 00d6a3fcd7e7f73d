"""Actions on tickets, dead letters, pools and workers.

Credentials come in the `Authorization` header only, which a browser never adds by itself: a page of another site can
neither read nor act here.
"""

from typing import Annotated

from fastapi import Path
from fastapi.responses import Response
from pydantic import Field

from services.admin_dashboard.rest.answers import DashboardDeps, admin_router, answer
from tokenline.contracts.admin import ActionAnswer
from tokenline.contracts.errors import BrokerUnavailable, NotFound, QueueFull, TooLate
from tokenline.contracts.topology import HIGHEST
from tokenline.runtime.auth.bodies import Body
from tokenline.runtime.auth.http import Administrator
from tokenline.runtime.documents.says import says
from tokenline.runtime.json_types import WHOLE

router = admin_router()

Target = Annotated[str, Path(max_length=100)]


class LevelBody(Body):
    priority: Annotated[int, Field(ge=0, le=HIGHEST), WHOLE] | None = None
    """`None`: as far as it goes."""


class PoolBody(Body):
    pool: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")]


TO_THE_END = LevelBody()


@router.post("/tickets/{ticket_id}/cancel", summary="Stop a ticket")
@says(ActionAnswer, NotFound)
async def cancel_ticket(ticket_id: Target, admin: Administrator, deps: DashboardDeps) -> Response:
    return answer(await deps.actions.cancel(admin, ticket_id))


@router.post("/tickets/{ticket_id}/bump", summary="Move a ticket ahead")
@says(ActionAnswer, NotFound, TooLate)
async def bump_ticket(
    ticket_id: Target, admin: Administrator, deps: DashboardDeps, body: LevelBody = TO_THE_END
) -> Response:
    """To the front of its pool, or up to a level. 409 ``too_late`` once it no longer waits."""
    return answer(await deps.actions.bump(admin, ticket_id, body.priority))


@router.post("/tickets/{ticket_id}/demote", summary="Move a ticket back")
@says(ActionAnswer, NotFound, TooLate)
async def demote_ticket(
    ticket_id: Target, admin: Administrator, deps: DashboardDeps, body: LevelBody = TO_THE_END
) -> Response:
    """To the back of its pool, or down to a level. 409 ``too_late`` once it no longer waits."""
    return answer(await deps.actions.demote(admin, ticket_id, body.priority))


@router.post("/tickets/{ticket_id}/move", summary="Move a ticket to another pool")
@says(ActionAnswer, NotFound, TooLate)
async def move_ticket(ticket_id: Target, body: PoolBody, admin: Administrator, deps: DashboardDeps) -> Response:
    """To another pool. 409 ``too_late`` once it no longer waits."""
    return answer(await deps.actions.move(admin, ticket_id, body.pool))


@router.post("/dead-letters/{ticket_id}/retry", summary="Ask a dead letter's question again")
@says(ActionAnswer, NotFound, QueueFull)
async def retry_dead_letter(ticket_id: Target, admin: Administrator, deps: DashboardDeps) -> Response:
    """Ask its question again, with a ticket of its own."""
    return answer(await deps.actions.retry(admin, ticket_id))


@router.post("/dead-letters/{ticket_id}/discard", summary="Discard a dead letter")
@says(ActionAnswer, NotFound)
async def discard_dead_letter(ticket_id: Target, admin: Administrator, deps: DashboardDeps) -> Response:
    return answer(await deps.actions.discard(admin, ticket_id))


@router.post("/pools/{pool}/pause", summary="Pause a pool")
@says(ActionAnswer, NotFound)
async def pause_pool(pool: Target, admin: Administrator, deps: DashboardDeps) -> Response:
    """Start none of its tickets any more; what runs goes on."""
    return answer(await deps.actions.pause(admin, pool))


@router.post("/pools/{pool}/resume", summary="Resume a pool")
@says(ActionAnswer, NotFound)
async def resume_pool(pool: Target, admin: Administrator, deps: DashboardDeps) -> Response:
    return answer(await deps.actions.resume(admin, pool))


@router.post("/workers/{worker_id}/drain", summary="Drain a worker")
@says(ActionAnswer, NotFound, BrokerUnavailable)
async def drain_worker(worker_id: Target, admin: Administrator, deps: DashboardDeps) -> Response:
    """Have it take no more tickets until its process ends."""
    return answer(await deps.actions.drain(admin, worker_id))
