"""What gateways and workers ask: passages of a conversation's attachments, and to forget attachments."""

import hmac
from typing import TypeVar

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.ingest.deps import Deps
from services.ingest.jobs import Jobs
from tokenline.contracts.attachments import AttachmentState, Passage, SearchAnswer, SearchRequest
from tokenline.contracts.base import Shape, to_json
from tokenline.contracts.errors import BadRequest, NotSignedIn
from tokenline.contracts.ids import AttachmentId, UserId
from tokenline.contracts.metrics import SEARCH
from tokenline.core.access import owned_by

MAX_QUERY_CHARS = 8000
MAX_TOP_K = 50

T = TypeVar("T")


class ForgetRequest(Shape):
    owner_id: UserId
    attachment_ids: tuple[AttachmentId, ...]


_search_decoder = msgspec.json.Decoder(SearchRequest)
_forget_decoder = msgspec.json.Decoder(ForgetRequest)


def routes(deps: Deps, jobs: Jobs, service_token: str) -> APIRouter:
    """Both calls want ``Authorization: Bearer <service token>``."""
    router = APIRouter()
    expected = f"Bearer {service_token}".encode()

    async def body(request: Request, decoder: msgspec.json.Decoder[T]) -> T:
        given = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(given, expected):
            raise NotSignedIn("This call needs the service token.")
        try:
            return decoder.decode(await request.body())
        except msgspec.DecodeError as error:
            raise BadRequest("The body is not what this call expects.") from error

    @router.post("/search")
    async def search(request: Request) -> Response:
        asked = await body(request, _search_decoder)
        begin = deps.clock.monotonic()
        answer = SearchAnswer(items=tuple(await find(deps, asked)))
        deps.metrics.observe(SEARCH, deps.clock.monotonic() - begin)
        return Response(to_json(answer), media_type="application/json")

    @router.post("/delete")
    async def delete(request: Request) -> Response:
        asked = await body(request, _forget_decoder)
        await jobs.forget(asked.owner_id, asked.attachment_ids)
        return Response(status_code=204)

    return router


async def find(deps: Deps, asked: SearchRequest) -> list[Passage]:
    """Raises `NotFound` for a conversation that is not the owner's, `SearchUnavailable`."""
    owned_by(asked.owner_id, await deps.store.get_conversation(asked.conversation_id))
    within = [
        attachment.id
        for attachment in await deps.store.attachments_of(asked.conversation_id)
        if attachment.owner_id == asked.owner_id and attachment.state is AttachmentState.INDEXED
    ]
    if not within:
        return []
    query = asked.query[:MAX_QUERY_CHARS]
    top_k = max(1, min(asked.top_k, MAX_TOP_K))
    found = await deps.vectors.search(asked.owner_id, within, query, top_k)
    if asked.opening and not any(passage.similarity for passage in found):
        return await deps.vectors.opening(asked.owner_id, within, top_k)
    return found
