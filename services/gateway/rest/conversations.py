"""``/api/v1/chat/conversations``."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from msgspec.structs import replace
from pydantic import BaseModel, ConfigDict, Field

from services.gateway.accept import Question
from services.gateway.deps import Deps
from services.gateway.presence import mark_read
from services.gateway.rest.answers import deps_of, served_on_path
from tokenline.contracts.chat import Conversation, FollowUp, TitleSource
from tokenline.contracts.errors import BadRequest, Conflict, NotFound, QueueFull, RateLimited, SearchUnavailable
from tokenline.contracts.events import ConversationChanged
from tokenline.contracts.limits import LimitName
from tokenline.contracts.rest import ConversationPage, MessagePage
from tokenline.core import titles
from tokenline.core.access import owned_by
from tokenline.core.clock import new_id
from tokenline.runtime.answers import answer
from tokenline.runtime.auth.http import Authenticated
from tokenline.runtime.documents.says import says
from tokenline.runtime.json_types import WHOLE, Flag

TITLE = Field(default=None, min_length=1, max_length=titles.MAX_TITLE)

MAX_SEQ = 2**53
"""More than any browser can count."""

router = APIRouter(prefix="/api/v1/chat/conversations", tags=["conversations"])
GatewayDeps = Annotated[Deps, Depends(deps_of)]
Limit = Annotated[int, Query(ge=1, le=200)]


class NewConversation(BaseModel):
    model_config = ConfigDict(extra="forbid")
    agent_id: str | None = None
    title: str | None = TITLE
    initial_message: str | None = None
    follow_up: FollowUp = FollowUp.QUEUE
    temporary: Flag = False


class ConversationPatch(BaseModel):
    model_config = ConfigDict(extra="forbid")
    title: str | None = TITLE
    archived: Flag | None = None
    agent_id: str | None = None
    follow_up: FollowUp | None = None


class ReadMark(BaseModel):
    model_config = ConfigDict(extra="forbid")
    seq: Annotated[int, Field(ge=0, le=MAX_SEQ), WHOLE]


@router.post("", status_code=201, summary="Begin a conversation")
@says(Conversation, NotFound, BadRequest, QueueFull, RateLimited)
async def create_conversation(body: NewConversation, asker: Authenticated, deps: GatewayDeps) -> Response:
    """With ``initial_message`` the question is asked, too; its ticket is told on the sockets. A ``temporary`` one has
    no title, is in no list, search or export, and is deleted with all that belongs to it: a minute after no socket
    follows it any more, or an hour after its last question where none ever did."""
    title = titles.clean(body.title) if body.title is not None else None
    if body.initial_message is not None:
        question = Question(
            content=body.initial_message,
            agent_id=body.agent_id,
            follow_up=body.follow_up,
            title=title,
            temporary=body.temporary,
        )
        return answer((await deps.acceptance.ask(asker, question)).conversation, 201)
    agent = deps.agents.get(body.agent_id)
    await deps.limiting.charge(asker, LimitName.CONVERSATIONS)
    now = deps.clock.now()
    conversation = Conversation(
        id=new_id(now),
        owner_id=asker.user_id,
        agent_id=agent.id,
        title="" if body.temporary else title or "",
        temporary=body.temporary,
        title_from=TitleSource.USER if title else TitleSource.QUESTION,
        follow_up=body.follow_up,
        created_at=now,
        updated_at=now,
    )
    await deps.store.create_conversation(conversation)
    deps.announcer.announce(ConversationChanged(conversation=conversation))
    return answer(conversation, 201)


@router.get("", summary="List conversations")
@says(ConversationPage, BadRequest, RateLimited)
async def list_conversations(
    asker: Authenticated,
    deps: GatewayDeps,
    agent_id: str | None = None,
    archived: bool | None = False,
    q: str | None = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Response:
    if q:
        await deps.limiting.charge(asker, LimitName.SEARCHES)
    page = await deps.store.list_conversations(
        asker.user_id, agent_id=agent_id, archived=archived, text=q, cursor=cursor, limit=limit
    )
    return answer(ConversationPage(items=page.items, next=page.next))


async def own_conversation(conversation_id: str, asker: Authenticated, request: Request) -> Conversation:
    """Raises `NotFound` for a missing one and for somebody else's."""
    return owned_by(asker.user_id, await deps_of(request).store.get_conversation(conversation_id))


Own = Annotated[Conversation, Depends(own_conversation)]


@router.get("/{conversation_id}", summary="Read a conversation")
@says(Conversation, NotFound)
async def read_conversation(conversation: Own) -> Response:
    return answer(conversation)


@router.patch("/{conversation_id}", summary="Rename, archive or set up a conversation")
@says(Conversation, NotFound, BadRequest)
async def change_conversation(body: ConversationPatch, conversation: Own, deps: GatewayDeps) -> Response:
    """Only what is named: of two tabs that change it at the same time, each gets what it asked for."""
    changes = body.model_dump(exclude_none=True)
    if not changes:
        return answer(conversation)
    if body.title is not None:
        changes |= {"title": titles.clean(body.title), "title_from": TitleSource.USER}
    if body.agent_id is not None:
        changes["agent_id"] = deps.agents.get(body.agent_id).id
    changes["updated_at"] = deps.clock.now()
    changed = await deps.store.change_conversation(conversation.id, lambda stored: replace(stored, **changes))
    if changed is None:
        raise NotFound
    deps.announcer.announce(ConversationChanged(conversation=changed))
    return answer(changed)


@router.put("/{conversation_id}/read", summary="Say how far it is read")
@says(Conversation, NotFound)
async def read_up_to(body: ReadMark, conversation: Own, asker: Authenticated, deps: GatewayDeps) -> Response:
    """Up to the message with this ``seq``. It never goes back, and holds on all devices."""
    return answer(await mark_read(deps, asker, conversation.id, body.seq))


@router.delete("/{conversation_id}", status_code=204, summary="Delete a conversation")
@says(None, NotFound, Conflict, SearchUnavailable)
async def delete_conversation(conversation: Own, deps: GatewayDeps) -> None:
    """With its messages, files and passages. Raises `Conflict` while a question in it is not answered."""
    if deps.feed.ledger.of_conversation(conversation.owner_id, conversation.id):
        raise Conflict("A question in this conversation is still being answered. Stop it first.")
    await deps.resumable.forget_conversation(conversation.owner_id, conversation.id)
    await deps.uploads.purge_conversation(conversation.id)
    deps.announcer.announce(ConversationChanged(conversation=conversation, deleted=True))


@router.get("/{conversation_id}/messages", summary="Read messages")
@says(MessagePage, NotFound, BadRequest)
async def list_messages(
    conversation: Own, deps: GatewayDeps, cursor: str | None = None, limit: Limit = 50, tree: bool = False
) -> Response:
    """The current path, page by page from its end back, oldest first inside a page.

    ``next`` goes on along the path that the first page was of, whatever is asked and switched meanwhile. With ``tree``
    the messages of all branches, latest written first.
    """
    read = deps.store.messages if tree else deps.store.path
    page = await read(conversation.id, cursor=cursor, limit=limit)
    items = await served_on_path(deps.store, conversation.id, page.items)
    return answer(MessagePage(items=items, next=page.next, leaf_id=conversation.leaf_id))
