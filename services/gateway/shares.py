"""Links to conversations: made and taken back by their owner, read by whoever has them."""

import hashlib
import hmac
import secrets

from tokenline.contracts.attachments import Attachment
from tokenline.contracts.chat import Conversation, Message, MessageStatus
from tokenline.contracts.errors import BadRequest, Conflict, NotFound
from tokenline.contracts.ids import AttachmentId
from tokenline.contracts.shares import PublicMessage, PublicShare, Share, SharedFile, SharedSource
from tokenline.core.clock import Clock, new_id
from tokenline.core.ports.store import Store
from tokenline.runtime.agents import Agents

TOKEN_BYTES = 24
_MARK_CHARACTERS = 32


class Shares:
    def __init__(self, store: Store, agents: Agents, clock: Clock, key: str) -> None:
        """``key`` signs cursors."""
        self._store = store
        self._agents = agents
        self._clock = clock
        self._key = key

    async def make(self, conversation: Conversation) -> Share:
        """Down to the last message there is; as long as that is the same, so is the link. Raises `Conflict`."""
        if conversation.temporary:
            raise Conflict("A temporary chat leaves nothing behind: it cannot be exported or shared.")
        shown = await self._store.path(conversation.id, limit=1)
        if not shown.items:
            raise Conflict("There is nothing to share yet.")
        now = self._clock.now()
        made = await self._store.add_share(
            Share(
                id=new_id(now),
                token=secrets.token_urlsafe(TOKEN_BYTES),
                owner_id=conversation.owner_id,
                conversation_id=conversation.id,
                message_id=shown.items[-1].id,
                title=conversation.title,
                created_at=now,
            )
        )
        if made is None:
            raise NotFound
        return made

    async def read(self, token: str, *, cursor: str | None, limit: int) -> PublicShare:
        """For anybody. Raises `NotFound`: never was, was taken back, or its conversation or owner is gone."""
        share = await self._store.share_by_token(token)
        if share is None:
            raise NotFound
        owner = await self._store.get_user(share.owner_id)
        conversation = await self._store.get_conversation(share.conversation_id)
        last = await self._store.get_message(share.message_id)
        if owner is None or owner.disabled or conversation is None or last is None:
            raise NotFound
        place = None if cursor is None else self._checked(share, cursor)
        page = await self._store.path(conversation.id, to=last, cursor=place, limit=limit)
        wanted = {file_id for message in page.items for file_id in message.attachment_ids}
        files = {file.id: file for file in await self._store.attachments(sorted(wanted))} if wanted else {}
        known = [agent.name for agent in self._agents.all if agent.id == conversation.agent_id]
        return PublicShare(
            title=share.title,
            agent=known[0] if known else "Assistant",
            shared_at=share.created_at,
            items=tuple(_public(message, files) for message in page.items if _was_said(message)),
            next=None if page.next is None else self._signed(share, page.next),
        )

    def _signed(self, share: Share, cursor: str) -> str:
        """A cursor says where to go on, and could be made to say: with what was said later."""
        mark = hmac.digest(self._key.encode(), f"share {share.id} {cursor}".encode(), hashlib.sha256)
        return f"{mark.hex()[:_MARK_CHARACTERS]}{cursor}"

    def _checked(self, share: Share, cursor: str) -> str:
        place = cursor[_MARK_CHARACTERS:]
        if not hmac.compare_digest(self._signed(share, place).encode(), cursor.encode()):
            raise BadRequest("This cursor is not one of ours.")
        return place


def _was_said(message: Message) -> bool:
    return message.role == "assistant" or (message.role == "user" and message.status is not MessageStatus.CANCELLED)


def _public(message: Message, files: dict[AttachmentId, Attachment]) -> PublicMessage:
    return PublicMessage(
        role="user" if message.role == "user" else "assistant",
        content=message.content,
        status=message.status,
        files=tuple(SharedFile(name=files[i].name) for i in message.attachment_ids if i in files),
        sources=tuple(
            SharedSource(number=one.number, name=one.name, page=one.page, section=one.section)
            for one in message.citations
        ),
        created_at=message.created_at,
    )
