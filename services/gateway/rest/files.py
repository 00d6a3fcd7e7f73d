"""Pictures and links of files: below ``/api/v1/attachments``, and ``/api/public/files/{link}`` for whoever has one."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from services.gateway.deps import Deps
from services.gateway.rest.answers import deps_of
from services.gateway.rest.file_answers import file_answer
from tokenline.contracts.errors import NotFound, RangeNotSatisfiable, StoreUnavailable
from tokenline.contracts.files import FileLink
from tokenline.core.file_keys import thumbnail_key
from tokenline.runtime.answers import answer
from tokenline.runtime.auth.http import Authenticated
from tokenline.runtime.documents.says import BYTES, says

WEBP = "image/webp"
KEPT = "private, max-age=86400, immutable"
"""What a picture looks like never changes, and is only for its owner."""
PUBLIC = {"cache_control": "private, no-store", "x_robots_tag": "noindex, nofollow"}

router = APIRouter(tags=["attachments"])
GatewayDeps = Annotated[Deps, Depends(deps_of)]


@router.get("/api/v1/attachments/{attachment_id}/thumbnail", summary="A small picture of a picture")
@says(None, NotFound, media=WEBP, about="A WebP, at most 512 pixels wide and high.", unchanged=True)
async def read_thumbnail(attachment_id: str, asker: Authenticated, deps: GatewayDeps, request: Request) -> Response:
    """Made when the file is read; `picture.thumbnail` of the file says whether there is one."""
    attachment = await deps.uploads.get(asker, attachment_id)
    if attachment.picture is None or not attachment.picture.thumbnail:
        raise NotFound("There is no small picture of this file.")
    headers = {"etag": f'"{attachment.id}"', "cache-control": KEPT, "vary": "authorization"}
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(None, 304, headers)
    picture = b"".join([chunk async for chunk in deps.files.get(thumbnail_key(attachment.id))])
    return Response(picture, headers=headers, media_type=WEBP)


@router.post("/api/v1/attachments/{attachment_id}/link", status_code=201, summary="Make a link to a file")
@says(FileLink, NotFound)
async def link_file(attachment_id: str, asker: Authenticated, deps: GatewayDeps) -> Response:
    """Whoever has it downloads the file without signing in, for 24 hours; deleting the file ends it."""
    attachment = await deps.uploads.get(asker, attachment_id)
    return answer(deps.file_links.make(attachment), 201, {"cache-control": "no-store"})


@router.head("/api/public/files/{link}", include_in_schema=False)
@router.get("/api/public/files/{link}", summary="Download a file by its link")
@says(None, NotFound, RangeNotSatisfiable, StoreUnavailable, media=BYTES, about="The bytes of the file.", parts=True)
async def read_linked(link: str, deps: GatewayDeps, request: Request) -> Response:
    """For whoever has the link, without signing in. Parts of it by `Range`, so that a download can go on."""
    return await file_answer(request, deps.files, await deps.file_links.open(link), **PUBLIC)
