"""``/api/v1/chat/search``."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from services.gateway.deps import Deps
from services.gateway.rest.answers import deps_of
from services.gateway.search import search
from tokenline.contracts.errors import BadRequest, RateLimited
from tokenline.contracts.limits import LimitName
from tokenline.contracts.search import SearchPage
from tokenline.core.search import QUERY_CHARACTERS
from tokenline.runtime.answers import answer
from tokenline.runtime.auth.http import Authenticated
from tokenline.runtime.documents.says import says

router = APIRouter(prefix="/api/v1/chat/search", tags=["conversations"])
GatewayDeps = Annotated[Deps, Depends(deps_of)]


@router.get("", summary="Search conversations")
@says(SearchPage, BadRequest, RateLimited)
async def search_conversations(
    asker: Authenticated,
    deps: GatewayDeps,
    q: Annotated[str, Query(max_length=QUERY_CHARACTERS)] = "",
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=50)] = 20,
) -> Response:
    """Titles and messages of the caller's, archived ones too. Words also find what begins with them; ``"a phrase"`` as
    it stands; ``-word`` leaves out what has it. Case and accents do not count."""
    await deps.limiting.charge(asker, LimitName.SEARCHES)
    return answer(await search(deps.store, asker, q, cursor=cursor, limit=limit))
