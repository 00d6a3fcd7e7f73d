"""Conversations over REST."""

import time
from typing import Any

from tokenline.client.credentials import Credentials
from tokenline.client.http import Http
from tokenline.client.models import Page
from tokenline.contracts.chat import Conversation, FollowUp, Message
from tokenline.contracts.ids import AgentId, ConversationId, MessageId
from tokenline.core.clock import new_id

PATH = "/api/v1/chat/conversations"


class Conversations:
    """Each raises `NotFound` for a conversation that is not the caller's."""

    def __init__(self, http: Http, credentials: Credentials) -> None:
        self._http = http
        self._credentials = credentials

    async def create(
        self,
        *,
        agent_id: AgentId | None = None,
        title: str | None = None,
        follow_up: FollowUp = FollowUp.QUEUE,
        temporary: bool = False,
    ) -> Conversation:
        """``follow_up``: what becomes of a question asked while an earlier one is being answered. ``temporary``: it
        leaves nothing behind (a minute after no socket follows it, or an hour after its last question)."""
        body = _given(agent_id=agent_id, title=title, follow_up=follow_up, temporary=temporary or None)
        return await self._http.call("POST", PATH, Conversation, self._credentials, json=body)

    async def list(
        self,
        *,
        agent_id: AgentId | None = None,
        archived: bool = False,
        q: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[Conversation]:
        """The latest first. ``q``: whose title has this in it."""
        asked = _given(agent_id=agent_id, archived=archived, q=q, cursor=cursor, limit=limit)
        return await self._http.call("GET", PATH, Page[Conversation], self._credentials, params=asked)

    async def get(self, conversation_id: ConversationId) -> Conversation:
        return await self._http.call("GET", f"{PATH}/{conversation_id}", Conversation, self._credentials)

    async def update(
        self,
        conversation_id: ConversationId,
        *,
        title: str | None = None,
        archived: bool | None = None,
        agent_id: AgentId | None = None,
        follow_up: FollowUp | None = None,
    ) -> Conversation:
        """``None`` leaves as it is."""
        body = _given(title=title, archived=archived, agent_id=agent_id, follow_up=follow_up)
        path = f"{PATH}/{conversation_id}"
        return await self._http.call("PATCH", path, Conversation, self._credentials, again=True, json=body)

    async def switch(self, conversation_id: ConversationId, message_id: MessageId) -> Conversation:
        """Let the current path run through this message, and on to the newest one below it."""
        path, body = f"{PATH}/{conversation_id}/path", {"message_id": message_id}
        return await self._http.call("PUT", path, Conversation, self._credentials, again=True, json=body)

    async def copy(
        self,
        conversation_id: ConversationId,
        message_id: MessageId | None = None,
        *,
        client_copy_id: str | None = None,
    ) -> Conversation:
        """The path up to a message, or the current one, as a conversation of its own, with copies of its files."""
        body = _given(message_id=message_id, client_copy_id=client_copy_id or new_id(time.time()))
        path = f"{PATH}/{conversation_id}/copy"
        return await self._http.call("POST", path, Conversation, self._credentials, again=True, json=body)

    async def delete(self, conversation_id: ConversationId) -> None:
        """With its messages and files. Raises `Conflict` while a question in it is not answered."""
        await self._http.call("DELETE", f"{PATH}/{conversation_id}", type(None), self._credentials)

    async def read_up_to(self, conversation_id: ConversationId, seq: int) -> Conversation:
        """Say that it is read up to the message with this ``seq``; on all of the owner's devices. Never goes back."""
        path = f"{PATH}/{conversation_id}/read"
        return await self._http.call("PUT", path, Conversation, self._credentials, again=True, json={"seq": seq})

    async def messages(
        self, conversation_id: ConversationId, *, cursor: str | None = None, limit: int = 50, tree: bool = False
    ) -> Page[Message]:
        """The end of the current path, in the order of the conversation; ``next`` leads to older ones.

        ``tree``: the latest of all messages, whatever branch they are in.
        """
        asked = _given(cursor=cursor, limit=limit, tree=tree or None)
        path = f"{PATH}/{conversation_id}/messages"
        return await self._http.call("GET", path, Page[Message], self._credentials, params=asked)


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
