"""Links to conversations: ``/api/v1/chat/shares``, and ``/api/public/shares/{token}`` for whoever has one."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from services.gateway.deps import Deps
from services.gateway.rest.answers import deps_of
from services.gateway.rest.conversations import Own
from tokenline.contracts.errors import BadRequest, Conflict, NotFound, StoreUnavailable
from tokenline.contracts.shares import PublicShare, Share, SharePage
from tokenline.core.access import owned_by
from tokenline.runtime.answers import answer
from tokenline.runtime.auth.http import Authenticated
from tokenline.runtime.documents.says import says

PUBLIC = {"cache-control": "no-store", "x-robots-tag": "noindex, nofollow"}
"""A link that was taken back is nowhere; and nobody finds one who was not given it."""

router = APIRouter(tags=["sharing"])
GatewayDeps = Annotated[Deps, Depends(deps_of)]


@router.post("/api/v1/chat/conversations/{conversation_id}/share", status_code=201, summary="Share a conversation")
@says(Share, NotFound, Conflict)
async def share_conversation(conversation: Own, deps: GatewayDeps) -> Response:
    """A link, ``/s/<token>``, to the current path as it is now. What is said later is not shown; nothing new was said:
    the same link again."""
    return answer(await deps.shares.make(conversation), 201)


@router.get("/api/v1/chat/shares", summary="List links")
@says(SharePage, NotFound)
async def list_shares(asker: Authenticated, deps: GatewayDeps, conversation_id: str | None = None) -> Response:
    """Of all conversations, or of one."""
    if conversation_id is not None:
        owned_by(asker.user_id, await deps.store.get_conversation(conversation_id))
    return answer(SharePage(items=tuple(await deps.store.shares(asker.user_id, conversation_id))))


@router.delete("/api/v1/chat/shares/{share_id}", status_code=204, summary="Take a link back")
@says(None, NotFound)
async def revoke_share(share_id: str, asker: Authenticated, deps: GatewayDeps) -> None:
    """At once and everywhere: nothing is kept anywhere else."""
    await deps.store.delete_share(owned_by(asker.user_id, await deps.store.get_share(share_id)).id)


@router.get("/api/public/shares/{token}", summary="Read a shared conversation")
@says(PublicShare, NotFound, BadRequest, StoreUnavailable)
async def read_share(
    token: str, deps: GatewayDeps, cursor: str | None = None, limit: Annotated[int, Query(ge=1, le=200)] = 100
) -> Response:
    """For whoever has the link, without signing in."""
    return answer(await deps.shares.read(token, cursor=cursor, limit=limit), headers=PUBLIC)
