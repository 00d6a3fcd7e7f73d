"""What the routes share: administrators only, the process's parts, answers that nobody keeps."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from services.admin_dashboard.deps import Deps
from tokenline.contracts.base import to_json
from tokenline.runtime.auth.http import require_admin

MAX_PAGE = 1000


def admin_router() -> APIRouter:
    """Every route of it is refused to everybody but administrators."""
    return APIRouter(prefix="/api/v1/admin", tags=["admin"], dependencies=[Depends(require_admin)])


def deps_of(request: Request) -> Deps:
    deps: Deps = request.app.state.deps
    return deps


DashboardDeps = Annotated[Deps, Depends(deps_of)]
Cursor = Annotated[str | None, Query(max_length=512)]
Limit = Annotated[int, Query(ge=1, le=MAX_PAGE)]


def answer(value: object) -> Response:
    return Response(to_json(value), media_type="application/json", headers={"Cache-Control": "no-store"})
