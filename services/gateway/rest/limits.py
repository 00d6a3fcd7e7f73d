"""``/api/v1/me/limits``."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.gateway.deps import Deps
from services.gateway.rest.answers import deps_of
from tokenline.contracts.limits import UsedPage
from tokenline.runtime.answers import answer
from tokenline.runtime.auth.http import Authenticated
from tokenline.runtime.documents.says import says

router = APIRouter(prefix="/api/v1", tags=["accounts"])
GatewayDeps = Annotated[Deps, Depends(deps_of)]


@router.get("/me/limits", summary="What I may use, and what I have used")
@says(UsedPage)
async def my_limits(asker: Authenticated, deps: GatewayDeps) -> Response:
    """Of the user and, when asked with an API key, of the key where it has limits of its own."""
    return answer(UsedPage(items=await deps.limiting.used(asker)))
