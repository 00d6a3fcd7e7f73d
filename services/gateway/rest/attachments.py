"""``/api/v1/attachments``."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, UploadFile
from fastapi.responses import Response, StreamingResponse

from services.gateway.deps import Deps
from services.gateway.rest.answers import answer, deps_of
from tokenline.runtime.auth.http import Authenticated

router = APIRouter(prefix="/api/v1/attachments", tags=["attachments"])
GatewayDeps = Annotated[Deps, Depends(deps_of)]


@router.post("", status_code=201)
async def upload(
    file: UploadFile, asker: Authenticated, deps: GatewayDeps, conversation_id: Annotated[str | None, Form()] = None
) -> Response:
    return answer(await deps.uploads.add(asker, file, conversation_id or None), 201)


@router.get("/{attachment_id}")
async def read(attachment_id: str, asker: Authenticated, deps: GatewayDeps) -> Response:
    return answer(await deps.uploads.get(asker, attachment_id))


@router.get("/{attachment_id}/content")
async def content(attachment_id: str, asker: Authenticated, deps: GatewayDeps) -> Response:
    """The file as it was given, never shown in place: it may hold anything."""
    attachment = await deps.uploads.get(asker, attachment_id)
    return StreamingResponse(
        deps.uploads.content(attachment),
        media_type="application/octet-stream",
        headers={
            "content-disposition": f"attachment; filename*=UTF-8''{quote(attachment.name)}",
            "content-length": str(attachment.size_bytes),
            "x-content-type-options": "nosniff",
        },
    )


@router.delete("/{attachment_id}", status_code=204)
async def delete(attachment_id: str, asker: Authenticated, deps: GatewayDeps) -> None:
    await deps.uploads.remove(asker, attachment_id)
