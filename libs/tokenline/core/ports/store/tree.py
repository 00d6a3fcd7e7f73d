"""A conversation's messages as a tree, and the current path through it."""

from collections.abc import Sequence
from typing import Protocol

from tokenline.contracts.chat import Conversation, Message
from tokenline.contracts.ids import ConversationId, MessageId
from tokenline.core.ports.store.chat import MessagePage


class TreeStore(Protocol):
    async def path(
        self,
        conversation_id: ConversationId,
        *,
        to: Message | None = None,
        cursor: str | None = None,
        limit: int = 50,
        characters: int | None = None,
    ) -> MessagePage:
        """The messages of the current path, or of the one down to ``to``, in pages from its end back.

        A cursor goes on along the path that the first page was of, whatever is asked or switched meanwhile. A page ends
        early with the message whose content brings it to ``characters``, and no more is read. Raises `BadRequest` on a
        cursor that is not ours.
        """
        ...

    async def switch_path(self, conversation_id: ConversationId, message_id: MessageId) -> Conversation | None:
        """Let the current path run through this message and on to the newest message below it.

        ``None``: no such conversation, or the message is not in it.
        """
        ...

    async def alternatives(
        self, conversation_id: ConversationId, messages: Sequence[Message]
    ) -> dict[MessageId, tuple[MessageId, ...]]:
        """The messages that stand in each other's place, oldest first: for each of these that is not the only one."""
        ...

    async def add_messages(self, conversation_id: ConversationId, messages: Sequence[Message]) -> bool:
        """Put messages that came from elsewhere where their ``parent_id`` says, parents first (by ``depth``).

        Known ids stay as they are, so it may be done again. One whose parent is not there is put under the one before
        it in ``messages``, the first one under none. Files are not bound, the current path is not changed: follow it by
        `switch_path`. False: no such conversation. Give it some hundred at a time: with MongoDB each has its own write.
        """
        ...
