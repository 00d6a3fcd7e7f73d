"""Board, line, history and truth for administrators, over REST."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from services.admin_dashboard.deps import Deps
from services.admin_dashboard.line import FIRST_PAGE
from tokenline.contracts.admin import LineQuery, PoolPage, WorkerPage
from tokenline.contracts.base import to_json
from tokenline.contracts.tickets import TicketState
from tokenline.runtime.auth.http import require_admin

MAX_PAGE = 1000

router = APIRouter(prefix="/api/v1/admin", tags=["admin"], dependencies=[Depends(require_admin)])


def deps_of(request: Request) -> Deps:
    deps: Deps = request.app.state.deps
    return deps


DashboardDeps = Annotated[Deps, Depends(deps_of)]
Text = Annotated[str | None, Query(max_length=254)]


def answer(value: object) -> Response:
    return Response(to_json(value), media_type="application/json", headers={"Cache-Control": "no-store"})


@router.get("/line")
async def line(
    deps: DashboardDeps,
    pool: Text = None,
    user: Text = None,
    state: TicketState | None = None,
    cursor: Annotated[str | None, Query(max_length=512)] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = FIRST_PAGE,
) -> Response:
    """``user``: part of an e-mail address, or a whole user id."""
    query = LineQuery(pool=pool or None, user=user or None, state=state, cursor=cursor, limit=limit)
    return answer(await deps.line.page(query))


@router.get("/pools")
async def pools(deps: DashboardDeps) -> Response:
    return answer(PoolPage(items=deps.moments.current().cards))


@router.get("/workers")
async def workers(deps: DashboardDeps) -> Response:
    return answer(WorkerPage(items=deps.board.workers(deps.clock.now())))


@router.get("/history")
async def history(deps: DashboardDeps) -> Response:
    return answer(deps.history.page())


@router.get("/truth")
async def truth(deps: DashboardDeps) -> Response:
    return answer(await deps.truth.look())
