"""Board, line, history and truth."""

from typing import Annotated

from fastapi import Query
from fastapi.responses import Response

from services.admin_dashboard.line import FIRST_PAGE
from services.admin_dashboard.rest.answers import Cursor, DashboardDeps, Limit, admin_router, answer
from tokenline.contracts.admin import HistoryPage, LinePage, LineQuery, PoolPage, TruthPage, WorkerPage
from tokenline.contracts.errors import BadRequest
from tokenline.contracts.tickets import TicketState
from tokenline.runtime.documents.says import says

router = admin_router()

Text = Annotated[str | None, Query(max_length=254)]


@router.get("/line", summary="The line itself")
@says(LinePage, BadRequest)
async def line(
    deps: DashboardDeps,
    pool: Text = None,
    user: Text = None,
    state: TicketState | None = None,
    cursor: Cursor = None,
    limit: Limit = FIRST_PAGE,
) -> Response:
    """``user``: part of an e-mail address, or a whole user id."""
    query = LineQuery(pool=pool or None, user=user or None, state=state, cursor=cursor, limit=limit)
    return answer(await deps.line.page(query))


@router.get("/pools", summary="Every pool at a glance")
@says(PoolPage)
async def pools(deps: DashboardDeps) -> Response:
    return answer(PoolPage(items=deps.moments.current().cards))


@router.get("/workers", summary="Every worker")
@says(WorkerPage)
async def workers(deps: DashboardDeps) -> Response:
    return answer(WorkerPage(items=deps.board.workers(deps.clock.now())))


@router.get("/history", summary="The last hour")
@says(HistoryPage)
async def history(deps: DashboardDeps) -> Response:
    return answer(deps.history.page())


@router.get("/truth", summary="What store, broker and ledger count")
@says(TruthPage)
async def truth(deps: DashboardDeps) -> Response:
    return answer(await deps.truth.look())
