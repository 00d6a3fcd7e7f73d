"""Temporary conversations, and when they go."""

from tokenline.adapters.store_sqlite.chat import CONVERSATIONS
from tokenline.adapters.store_sqlite.part import Part
from tokenline.contracts.chat import Conversation
from tokenline.contracts.ids import ConversationId
from tokenline.core.ports.store.temporary import UNKEPT_S

_KEEP = "UPDATE conversations SET expires_at = ? WHERE id = ? AND temporary = 1"
_EXPIRED = """
    SELECT doc FROM conversations INDEXED BY conversations_temporary
    WHERE temporary = 1 AND coalesce(expires_at, updated_at + ?) <= ? ORDER BY updated_at LIMIT ?
"""


class Temporary(Part):
    async def keep_temporary(self, conversation_id: ConversationId, for_s: float) -> None:
        await self._database.execute(_KEEP, self._clock.now() + for_s, conversation_id)

    async def expired_conversations(self, limit: int) -> list[Conversation]:
        parameters = (UNKEPT_S, self._clock.now(), limit)
        return await self._database.scan(lambda connection: CONVERSATIONS.all(connection, _EXPIRED, parameters))
