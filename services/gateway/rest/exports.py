"""Conversations as files: ``/api/v1/chat/export``, ``/api/v1/chat/import`` and ``…/conversations/{id}/export``."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response, StreamingResponse

from services.gateway.deps import Deps
from services.gateway.rest.answers import deps_of
from services.gateway.rest.conversations import Own
from tokenline.contracts.errors import BadRequest, Conflict, NotFound, RateLimited
from tokenline.contracts.export import Export, ImportReport
from tokenline.contracts.limits import LimitName
from tokenline.core.markdown_export import disposition
from tokenline.runtime.answers import answer
from tokenline.runtime.auth.http import Authenticated
from tokenline.runtime.documents.says import JSON, MARKDOWN, says
from tokenline.runtime.documents.schemas import ref

IMPORT_BYTES = 25 * 1024 * 1024
TEMPORARY = "A temporary chat leaves nothing behind: it cannot be exported or shared."

router = APIRouter(prefix="/api/v1/chat", tags=["conversations"])
GatewayDeps = Annotated[Deps, Depends(deps_of)]


@router.get("/conversations/{conversation_id}/export", summary="Export a conversation")
@says(Export, NotFound, Conflict, or_text=MARKDOWN)
async def export_conversation(
    conversation: Own, deps: GatewayDeps, format: Literal["md", "json"] = "json"
) -> StreamingResponse:
    """``json``: all of its branches, to be imported again. ``md``: the current path, to be read by people. Of files and
    sources the names, not the contents."""
    if conversation.temporary:
        raise Conflict(TEMPORARY)
    if format == "md":
        headers = _headers(conversation.title, "md")
        return StreamingResponse(deps.exports.markdown(conversation), headers=headers, media_type=MARKDOWN)
    headers = _headers(conversation.title, "json")
    return StreamingResponse(deps.exports.one(conversation), headers=headers, media_type=JSON)


@router.get("/export", summary="Export all conversations")
@says(Export)
async def export_all(asker: Authenticated, deps: GatewayDeps) -> StreamingResponse:
    """All that are the caller's, archived ones and all branches included, temporary ones not."""
    headers = _headers("tokenline conversations", "json")
    return StreamingResponse(deps.exports.all(asker.user_id), headers=headers, media_type=JSON)


@router.post(
    "/import",
    summary="Import conversations",
    openapi_extra={"requestBody": {"required": True, "content": {JSON: {"schema": ref(Export)}}}},
)
@says(ImportReport, BadRequest, NotFound, RateLimited)
async def import_conversations(request: Request, asker: Authenticated, deps: GatewayDeps) -> Response:
    """What an export has written, up to 25 MiB. Judged as a whole before anything is written; the same document again
    changes nothing. Everything gets new ids and becomes the caller's; files come as names only."""
    body = await request.body()
    await deps.limiting.charge(asker, LimitName.UPLOADS)
    return answer(await deps.imports.take(asker, body))


def _headers(title: str, extension: str) -> dict[str, str]:
    return {
        "content-disposition": disposition(title, extension),
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
    }
