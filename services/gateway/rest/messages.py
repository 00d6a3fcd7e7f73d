"""Asking over REST: ``POST …/messages``, with or without waiting for the answer."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from services.gateway.accept import Question
from services.gateway.deps import Deps
from services.gateway.live import Cursor
from services.gateway.rest.answers import answer, deps_of, message_views
from services.gateway.rest.conversations import Own
from services.gateway.rest.tickets import view_ticket
from tokenline.contracts.attachments import SearchRequest
from tokenline.contracts.errors import QueueTimeout
from tokenline.core.ports.store import Accepted
from tokenline.runtime.auth.http import Authenticated

WAIT_S = 300.0

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
    wait: bool = False


class PassageQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")
    query: str = Field(min_length=1, max_length=4000)
    top_k: int = Field(default=5, ge=1, le=50)


@router.post("/messages", status_code=202)
async def ask(body: NewMessage, asker: Authenticated, deps: GatewayDeps) -> Response:
    question = Question(
        content=body.content,
        conversation_id=body.conversation_id,
        client_message_id=body.client_message_id,
        agent_id=body.agent_id,
        attachment_ids=body.attachment_ids,
        webhook_id=body.webhook_id,
    )
    accepted = await deps.acceptance.ask(asker, question)
    return await (_answered(deps, accepted) if body.wait else _accepted(deps, accepted))


@router.post("/conversations/{conversation_id}/messages", status_code=202)
async def ask_in(conversation: Own, body: NewMessage, asker: Authenticated, deps: GatewayDeps) -> Response:
    return await ask(body.model_copy(update={"conversation_id": conversation.id}), asker, deps)


@router.post("/conversations/{conversation_id}/query")
async def query(conversation: Own, body: PassageQuery, asker: Authenticated, deps: GatewayDeps) -> Response:
    """Search the conversation's attachments."""
    request = SearchRequest(owner_id=asker.user_id, conversation_id=conversation.id, query=body.query, top_k=body.top_k)
    items = [
        {
            "content": passage.content,
            "similarity": passage.similarity,
            "source": {
                "attachment_id": passage.attachment_id,
                "name": passage.name,
                "page": passage.page,
                "start": passage.start,
                "end": passage.end,
            },
        }
        for passage in await deps.search.passages(request)
    ]
    return answer({"items": items, "next": None})


async def _accepted(deps: Deps, accepted: Accepted) -> Response:
    [message] = await message_views(deps.store, (accepted.question,))
    return answer({"message": message, "ticket": await view_ticket(deps, accepted.ticket)}, 202)


async def _answered(deps: Deps, accepted: Accepted) -> Response:
    """Wait for the end. Raises `QueueTimeout` after `WAIT_S`; the ticket lives on and can be asked for."""
    try:
        async with asyncio.timeout(WAIT_S):
            async for _ in deps.tickets.frames(accepted.ticket, Cursor(), idle_s=WAIT_S):
                pass
    except TimeoutError:
        raise QueueTimeout("No answer yet. Ask for the ticket later.", ticket_id=accepted.ticket.id) from None
    ticket = await deps.store.get_ticket(accepted.ticket.id) or accepted.ticket
    [message] = await message_views(deps.store, (accepted.question,))
    status = 504 if ticket.error is not None and ticket.error.code == QueueTimeout.code else 200
    return answer({"message": message, "ticket": await view_ticket(deps, ticket)}, status)
