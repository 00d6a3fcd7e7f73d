"""Asking over REST: ``POST …/messages``, with or without waiting for the answer."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from services.gateway.accept import Question
from services.gateway.deps import Deps
from services.gateway.live import Cursor
from services.gateway.rest.answers import deps_of, served_all
from services.gateway.rest.conversations import Own
from services.gateway.rest.tickets import status_of
from tokenline.contracts.attachments import SearchRequest
from tokenline.contracts.errors import (
    BadRequest,
    Busy,
    FileGone,
    NotFound,
    QueueFull,
    QueueTimeout,
    RateLimited,
    SearchUnavailable,
)
from tokenline.contracts.limits import LimitName
from tokenline.contracts.rest import Asked, FoundPassage, FoundPassagePage, PassageSource
from tokenline.core.access import owned_by
from tokenline.core.ports.store import Accepted
from tokenline.runtime.answers import answer
from tokenline.runtime.auth.http import Authenticated, Reader
from tokenline.runtime.auth.principal import Principal
from tokenline.runtime.documents.says import says
from tokenline.runtime.json_types import WHOLE, Flag
from tokenline.runtime.limits import headers

WAIT_S = 300.0
REFUSALS = (NotFound, FileGone, Busy, QueueFull, QueueTimeout, RateLimited)
WAITED = {200: Asked, 504: Asked}

router = APIRouter(prefix="/api/v1/chat", tags=["messages"])
GatewayDeps = Annotated[Deps, Depends(deps_of)]


class NewMessage(BaseModel):
    model_config = ConfigDict(extra="forbid")
    content: str
    client_message_id: str | None = Field(default=None, min_length=1, max_length=100)
    attachment_ids: tuple[str, ...] = ()
    conversation_id: str | None = None
    agent_id: str | None = None
    webhook_id: str | None = None
    parent_id: str | None = None
    instead_of: str | None = None
    wait: Flag = False
    temporary: Flag = False
    """Of a new conversation."""


class PassageQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")
    query: str = Field(min_length=1, max_length=4000)
    top_k: Annotated[int, Field(ge=1, le=50), WHOLE] = 5


@router.post("/messages", status_code=202, summary="Ask a question")
@says(Asked, *REFUSALS, also=WAITED)
async def ask(body: NewMessage, asker: Authenticated, deps: GatewayDeps) -> Response:
    """202 with the ticket; with ``wait`` 200 with the answer, or 504. Idempotent by ``client_message_id``.

    It continues the conversation's current path, unless it is asked after an earlier message (``parent_id``) or in the
    place of an earlier question (``instead_of``): then it begins a branch, and what is there stays reachable.
    """
    question = Question(
        content=body.content,
        conversation_id=body.conversation_id,
        client_message_id=body.client_message_id,
        agent_id=body.agent_id,
        attachment_ids=body.attachment_ids,
        webhook_id=body.webhook_id,
        parent_id=body.parent_id,
        instead_of=body.instead_of,
        temporary=body.temporary,
    )
    accepted = await deps.acceptance.ask(asker, question)
    return await (_answered(deps, asker, accepted) if body.wait else _accepted(deps, accepted))


@router.post("/conversations/{conversation_id}/messages", status_code=202, summary="Ask in a conversation")
@says(Asked, *REFUSALS, also=WAITED)
async def ask_in_conversation(conversation: Own, body: NewMessage, asker: Authenticated, deps: GatewayDeps) -> Response:
    """As `ask`. A body that names another conversation is refused."""
    if body.conversation_id not in (None, conversation.id):
        raise BadRequest("The address and the body name different conversations.")
    return await ask(body.model_copy(update={"conversation_id": conversation.id}), asker, deps)


@router.post("/conversations/{conversation_id}/query", summary="Search a conversation's files")
@says(FoundPassagePage, NotFound, SearchUnavailable, RateLimited)
async def search_files(conversation_id: str, body: PassageQuery, asker: Reader, deps: GatewayDeps) -> Response:
    """By meaning and by words. Best first."""
    conversation = owned_by(asker.user_id, await deps.store.get_conversation(conversation_id))
    await deps.limiting.charge(asker, LimitName.SEARCHES)
    request = SearchRequest(owner_id=asker.user_id, conversation_id=conversation.id, query=body.query, top_k=body.top_k)
    items = [
        FoundPassage(
            content=passage.content,
            similarity=passage.similarity,
            source=PassageSource(
                attachment_id=passage.attachment_id,
                name=passage.name,
                page=passage.page,
                start=passage.start,
                end=passage.end,
                section=passage.section,
            ),
        )
        for passage in await deps.search.passages(request)
    ]
    return answer(FoundPassagePage(items=tuple(items)))


async def _accepted(deps: Deps, accepted: Accepted) -> Response:
    [message] = await served_all(deps.store, (accepted.question,))
    said = Asked(message=message, ticket=await status_of(deps, accepted.ticket))
    return answer(said, 202, headers(accepted.used, deps.clock.now()))


async def _answered(deps: Deps, asker: Principal, accepted: Accepted) -> Response:
    """Wait for the end. Raises `QueueTimeout` after `WAIT_S`, or when this gateway stops and the answer does not come
    soon; the ticket lives on and can be asked for."""
    now = asyncio.get_running_loop().time
    due = now() + WAIT_S
    try:
        async with asyncio.timeout_at(due) as limit:
            async for _ in deps.tickets.frames(asker, accepted.ticket, Cursor(), idle_s=WAIT_S):
                if deps.streams.leaving and limit.when() == due:
                    limit.reschedule(min(due, now() + deps.settings.graceful_s / 2))
    except TimeoutError:
        raise QueueTimeout("No answer yet. Ask for the ticket later.", ticket_id=accepted.ticket.id) from None
    ticket = await deps.store.get_ticket(accepted.ticket.id) or accepted.ticket
    [message] = await served_all(deps.store, (accepted.question,))
    status = 504 if ticket.error is not None and ticket.error.code == QueueTimeout.code else 200
    return answer(Asked(message=message, ticket=await status_of(deps, ticket)), status)
