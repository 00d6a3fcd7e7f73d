"""``/api/v1/attachments/uploads``: tus 1.0, as any of its clients speaks it."""

from collections.abc import Callable, Coroutine
from email.utils import formatdate
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import Response
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect

from services.gateway.deps import Deps
from services.gateway.rest.answers import deps_of
from tokenline.contracts.errors import (
    BadRequest,
    Encrypted,
    InvalidRequest,
    Locked,
    NoText,
    NotFound,
    OffsetMismatch,
    RateLimited,
    Rejected,
    SearchUnavailable,
    TokenlineError,
    TooLarge,
    TooManyUploads,
    Unreadable,
    Unsupported,
    UnsupportedVersion,
)
from tokenline.contracts.limits import LimitName
from tokenline.contracts.uploads import Upload
from tokenline.core.tus import EXTENSIONS, MEDIA, VERSION
from tokenline.runtime.auth.http import Authenticated
from tokenline.runtime.documents.says import says
from tokenline.runtime.http_errors import error_response
from tokenline.runtime.limits import headers

PREFIX = "/api/v1/attachments/uploads"
TUS = {"Tus-Resumable": VERSION}
BODY = {"requestBody": {"required": True, "content": {MEDIA: {"schema": {"type": "string", "format": "binary"}}}}}


class TusRoute(APIRoute):
    """Its refusals say the version, too."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def spoken(request: Request) -> Response:
            try:
                return await handle(request)
            except TokenlineError as error:
                said = TUS | ({"Tus-Version": VERSION} if isinstance(error, UnsupportedVersion) else {})
                return error_response(error.info(), error.status, said)

        return spoken


router = APIRouter(prefix=PREFIX, tags=["attachments"], route_class=TusRoute)
GatewayDeps = Annotated[Deps, Depends(deps_of)]
Spoken = Annotated[str, Header(alias="Tus-Resumable", json_schema_extra={"enum": [VERSION]})]


@router.options("", status_code=204, summary="What of tus there is")
@says(None, about="In headers: `Tus-Version`, `Tus-Extension`, `Tus-Max-Size`.")
async def upload_options(_: Authenticated, deps: GatewayDeps) -> Response:
    known = {"Tus-Version": VERSION, "Tus-Extension": EXTENSIONS, "Tus-Max-Size": str(deps.settings.upload_bytes)}
    return Response(status_code=204, headers=TUS | known)


@router.post("", status_code=201, summary="Begin an upload that can be resumed")
@says(
    None,
    *(BadRequest, InvalidRequest, UnsupportedVersion, NotFound, TooLarge, NoText, TooManyUploads, RateLimited),
    about="In headers: `Location`, where it goes on; `Upload-Expires`, when it is removed if it does not.",
)
async def begin_upload(
    asker: Authenticated,
    deps: GatewayDeps,
    upload_length: Annotated[int, Header(ge=0)],
    upload_metadata: Annotated[str, Header()] = "",
    spoken: Spoken = "",
) -> Response:
    """`Upload-Metadata` may name `filename`, `conversation_id`. Counts as one upload, however many pieces come."""
    _check_version(spoken)
    used = await deps.limiting.charge(asker, LimitName.UPLOADS)
    try:
        upload = await deps.resumable.begin(asker, upload_length, upload_metadata)
    except Rejected:
        await deps.limiting.give_back(asker, LimitName.UPLOADS)
        raise
    where = {"Location": f"{PREFIX}/{upload.id}"}
    return Response(status_code=201, headers=_told(upload) | where | headers(used, deps.clock.now()))


@router.head("/{upload_id}", summary="How far an upload is")
@says(None, UnsupportedVersion, NotFound, Locked, about="In headers: `Upload-Offset`, `Upload-Length`.")
async def read_upload(upload_id: str, asker: Authenticated, deps: GatewayDeps, spoken: Spoken = "") -> Response:
    """Go on from `Upload-Offset`. One that is whole has become the file of the same id."""
    _check_version(spoken)
    upload = await deps.resumable.get(asker, upload_id)
    said = {"Upload-Length": str(upload.size_bytes), "Cache-Control": "no-store"}
    if upload.metadata:
        said["Upload-Metadata"] = upload.metadata
    return Response(headers=_told(upload) | said)


@router.patch("/{upload_id}", status_code=204, summary="Go on with an upload", openapi_extra=BODY)
@says(
    None,
    *(UnsupportedVersion, NotFound, OffsetMismatch, Locked, Unsupported, Encrypted, NoText),
    about="In headers: `Upload-Offset`, how much is there. With the last piece it has become the file of the same id.",
)
async def append_to_upload(
    upload_id: str,
    request: Request,
    asker: Authenticated,
    deps: GatewayDeps,
    upload_offset: Annotated[int, Header(ge=0)],
    spoken: Spoken = "",
) -> Response:
    """As much as arrives is kept, also when the connection breaks. Its type is judged as soon as 8 KiB are there."""
    _check_version(spoken)
    if request.headers.get("content-type", "").lower() != MEDIA:
        raise Unsupported(f"The body must come as {MEDIA}.")
    said = request.headers.get("content-length", "")
    length = int(said) if said.isdecimal() else None
    try:
        upload = await deps.resumable.append(asker, upload_id, upload_offset, length, request.stream())
    except ClientDisconnect:
        return Response(status_code=204)  # to nobody
    except (Unsupported, Unreadable):
        await deps.limiting.give_back(asker, LimitName.UPLOADS)
        raise
    return Response(status_code=204, headers=_told(upload))


@router.delete("/{upload_id}", status_code=204, summary="Remove an upload, or what became of it")
@says(None, UnsupportedVersion, NotFound, SearchUnavailable)
async def end_upload(upload_id: str, asker: Authenticated, deps: GatewayDeps, spoken: Spoken = "") -> Response:
    _check_version(spoken)
    await deps.resumable.end(asker, upload_id)
    return Response(status_code=204, headers=TUS)


def _check_version(spoken: str) -> None:
    """Raises `UnsupportedVersion`."""
    if spoken != VERSION:
        raise UnsupportedVersion


def _told(upload: Upload) -> dict[str, str]:
    told = TUS | {"Upload-Offset": str(upload.offset_bytes)}
    if upload.offset_bytes < upload.size_bytes:
        told["Upload-Expires"] = formatdate(upload.expires_at, usegmt=True)
    return told
