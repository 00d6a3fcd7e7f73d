"""Conversations and their messages."""

from typing import Protocol

from tokenline.contracts.chat import Conversation, Message
from tokenline.contracts.ids import ConversationId, MessageId, UserId
from tokenline.core.conversation import ConversationChange
from tokenline.core.ports.store.paging import Page


class ConversationPage(Page):
    items: tuple[Conversation, ...]


class MessagePage(Page):
    """Oldest first inside the page; pages go from the newest back."""

    items: tuple[Message, ...]


class ChatStore(Protocol):
    async def create_conversation(self, conversation: Conversation) -> None:
        """Nothing happens when the id is known already."""
        ...

    async def get_conversation(self, conversation_id: ConversationId) -> Conversation | None: ...

    async def change_conversation(
        self, conversation_id: ConversationId, change: ConversationChange
    ) -> Conversation | None:
        """Change it as `core.conversation.changed` says, and return it as it is then; ``None``: it was deleted.

        Of changes made at the same time none is lost.
        """
        ...

    async def delete_conversation(self, conversation_id: ConversationId) -> None:
        """With its messages and ended tickets. Attachments are the caller's to delete first."""
        ...

    async def list_conversations(
        self,
        owner: UserId,
        *,
        agent_id: str | None = None,
        archived: bool | None = None,
        text: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> ConversationPage:
        """Latest ``updated_at`` first. ``text`` filters titles, case-insensitively. `BadRequest`: not our cursor."""
        ...

    async def get_message(self, message_id: MessageId) -> Message | None: ...

    async def messages(
        self, conversation_id: ConversationId, *, cursor: str | None = None, limit: int = 50
    ) -> MessagePage:
        """Raises `BadRequest` on a cursor that is not ours."""
        ...
