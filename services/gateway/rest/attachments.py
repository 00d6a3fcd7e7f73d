"""``/api/v1/attachments``."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, UploadFile
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from services.gateway.deps import Deps
from services.gateway.rest.answers import deps_of
from services.gateway.rest.file_answers import file_answer
from tokenline.contracts.attachments import Attachment
from tokenline.contracts.errors import (
    AddressRefused,
    Encrypted,
    NoText,
    NotFetched,
    NotFound,
    RangeNotSatisfiable,
    RateLimited,
    Rejected,
    SearchUnavailable,
    TooLarge,
    Unsupported,
)
from tokenline.contracts.limits import LimitName
from tokenline.core.web_address import MAX_URL
from tokenline.runtime.answers import answer
from tokenline.runtime.auth.http import Authenticated
from tokenline.runtime.documents.says import BYTES, says
from tokenline.runtime.limits import headers

router = APIRouter(prefix="/api/v1/attachments", tags=["attachments"])
GatewayDeps = Annotated[Deps, Depends(deps_of)]


@router.post("", status_code=201, summary="Upload a file")
@says(Attachment, NotFound, Unsupported, Encrypted, NoText, RateLimited)
async def upload(
    file: UploadFile, asker: Authenticated, deps: GatewayDeps, conversation_id: Annotated[str | None, Form()] = None
) -> Response:
    """Its type is judged by its content. It is read in the background; frames and `GET` tell how far that is."""
    used = await deps.limiting.charge(asker, LimitName.UPLOADS)
    try:
        added = await deps.uploads.add(asker, file, conversation_id or None)
    except Rejected:
        await deps.limiting.give_back(asker, LimitName.UPLOADS)
        raise
    return answer(added, 201, headers(used, deps.clock.now()))


class NewLink(BaseModel):
    model_config = ConfigDict(extra="forbid")
    url: str = Field(min_length=1, max_length=MAX_URL)
    conversation_id: str | None = None


@router.post("/url", status_code=201, summary="Attach a page of the web")
@says(Attachment, NotFound, AddressRefused, NotFetched, TooLarge, Unsupported, Encrypted, NoText, RateLimited)
async def attach_url(body: NewLink, asker: Authenticated, deps: GatewayDeps) -> Response:
    """It is fetched and read in the background; frames and `GET` tell how far that is. Only public addresses are."""
    used = await deps.limiting.charge(asker, LimitName.UPLOADS)
    try:
        added = await deps.fetching.add(asker, body.url, body.conversation_id)
    except Rejected:
        await deps.limiting.give_back(asker, LimitName.UPLOADS)
        raise
    return answer(added, 201, headers(used, deps.clock.now()))


@router.get("/{attachment_id}", summary="How far a file is")
@says(Attachment, NotFound)
async def read_attachment(attachment_id: str, asker: Authenticated, deps: GatewayDeps) -> Response:
    return answer(await deps.uploads.get(asker, attachment_id))


@router.head("/{attachment_id}/content", include_in_schema=False)
@router.get("/{attachment_id}/content", summary="Download a file")
@says(None, NotFound, RangeNotSatisfiable, media=BYTES, about="The bytes of the file.", parts=True)
async def read_content(attachment_id: str, asker: Authenticated, deps: GatewayDeps, request: Request) -> Response:
    """The file as it was given, never shown in place: it may hold anything. Parts of it by `Range`."""
    return await file_answer(request, deps.files, await deps.uploads.get(asker, attachment_id))


@router.delete("/{attachment_id}", status_code=204, summary="Delete a file and its passages")
@says(None, NotFound, SearchUnavailable)
async def delete_attachment(attachment_id: str, asker: Authenticated, deps: GatewayDeps) -> None:
    await deps.uploads.remove(asker, attachment_id)
