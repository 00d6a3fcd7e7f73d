"""Conversations that are to leave nothing behind: how long they stay. All by the store's time."""

from typing import Protocol

from tokenline.contracts.chat import Conversation
from tokenline.contracts.ids import ConversationId

UNKEPT_S = 3600.0
"""How long after its last question one goes that nobody has kept."""


class TemporaryStore(Protocol):
    async def keep_temporary(self, conversation_id: ConversationId, for_s: float) -> None:
        """So long from now on, whatever was said before. Nothing happens to one that is not temporary."""
        ...

    async def expired_conversations(self, limit: int) -> list[Conversation]:
        """Temporary ones whose time is over. Deleting them is the caller's."""
        ...
