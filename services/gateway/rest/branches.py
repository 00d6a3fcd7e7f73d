"""Other answers, other paths, copies: what leaves one message and leads to others."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from services.gateway.deps import Deps
from services.gateway.rest.answers import deps_of, served_all
from services.gateway.rest.conversations import Own
from services.gateway.rest.tickets import status_of
from tokenline.contracts.chat import Conversation
from tokenline.contracts.errors import Busy, NotFound, QueueFull, RateLimited
from tokenline.contracts.events import ConversationChanged
from tokenline.contracts.rest import Asked
from tokenline.core.ports.store import Accepted
from tokenline.runtime.answers import answer
from tokenline.runtime.auth.http import Authenticated
from tokenline.runtime.documents.says import says
from tokenline.runtime.limits import headers

router = APIRouter(prefix="/api/v1/chat", tags=["branches"])
GatewayDeps = Annotated[Deps, Depends(deps_of)]


class PathChoice(BaseModel):
    model_config = ConfigDict(extra="forbid")
    message_id: str


class CopyFrom(BaseModel):
    model_config = ConfigDict(extra="forbid")
    message_id: str | None = None
    client_copy_id: str | None = Field(default=None, min_length=1, max_length=100)


@router.post("/messages/{message_id}/retry", status_code=202, summary="Ask for another answer")
@says(Asked, NotFound, Busy, QueueFull, RateLimited)
async def retry_message(message_id: str, asker: Authenticated, deps: GatewayDeps) -> Response:
    """To a question, named by itself or by one of its answers: whole, stopped or broken off, that stays reachable.

    While the question is being answered nothing new is asked: its ticket is returned.
    """
    return await _asked(deps, await deps.acceptance.ask_again(asker, message_id))


@router.post("/tickets/{ticket_id}/retry", status_code=202, summary="Ask the ticket's question again")
@says(Asked, NotFound, Busy, QueueFull, RateLimited)
async def retry_ticket(ticket_id: str, asker: Authenticated, deps: GatewayDeps) -> Response:
    """As `retry_message`, by the ticket of the question."""
    ticket = await deps.tickets.get(asker, ticket_id)
    return await _asked(deps, await deps.acceptance.ask_again(asker, ticket.question_id))


@router.put("/conversations/{conversation_id}/path", summary="Switch to another branch")
@says(Conversation, NotFound)
async def choose_path(conversation: Own, body: PathChoice, deps: GatewayDeps) -> Response:
    """The current path then runs through this message, and on to the newest one below it."""
    changed = await deps.store.switch_path(conversation.id, body.message_id)
    if changed is None:
        raise NotFound
    deps.announcer.announce(ConversationChanged(conversation=changed))
    return answer(changed)


@router.post("/conversations/{conversation_id}/copy", status_code=201, summary="Copy a conversation")
@says(Conversation, NotFound, RateLimited)
async def copy_conversation(conversation: Own, body: CopyFrom, asker: Authenticated, deps: GatewayDeps) -> Response:
    """The path up to a message (or the current path) as a conversation of its own, with copies of its files.

    The same ``client_copy_id`` again gives the same copy again, and counts as nothing.
    """
    return answer(await deps.copies.make(asker, conversation, body.message_id, body.client_copy_id), 201)


async def _asked(deps: Deps, accepted: Accepted) -> Response:
    [message] = await served_all(deps.store, (accepted.question,))
    said = Asked(message=message, ticket=await status_of(deps, accepted.ticket))
    return answer(said, 202, headers(accepted.used, deps.clock.now()))
