"""Feedback: in the answer itself, and in a list of all there is."""

import sqlite3

from msgspec.structs import replace

from tokenline.adapters.store_sqlite.chat import get_message, update_message
from tokenline.adapters.store_sqlite.documents import Documents, encode
from tokenline.adapters.store_sqlite.part import Part
from tokenline.contracts.chat import Message
from tokenline.contracts.feedback import Feedback, RatedAnswer
from tokenline.contracts.ids import AgentId, MessageId
from tokenline.core.paging import decode_cursor, encode_cursor
from tokenline.core.ports.store import FeedbackPage

RATED = Documents(RatedAnswer)

_FOR_EVER = 1e18
_PUT = """
    INSERT INTO feedback (message_id, at, doc) VALUES (?, ?, ?)
    ON CONFLICT (message_id) DO UPDATE SET at = excluded.at, doc = excluded.doc
"""
_PAGE = """
    SELECT doc FROM feedback INDEXED BY feedback_latest
    WHERE (at, message_id) < (?, ?) ORDER BY at DESC, message_id DESC LIMIT ?
"""


class Feedbacks(Part):
    async def rate(self, message_id: MessageId, feedback: Feedback | None, agent_id: AgentId) -> Message | None:
        def work(connection: sqlite3.Connection) -> Message | None:
            message = get_message(connection, message_id)
            if message is None:
                return None
            if feedback is None:
                connection.execute("DELETE FROM feedback WHERE message_id = ?", (message_id,))
            else:
                rated = RatedAnswer(
                    message_id=message_id,
                    conversation_id=message.conversation_id,
                    owner_id=message.owner_id,
                    agent_id=agent_id,
                    feedback=feedback,
                )
                connection.execute(_PUT, (message_id, feedback.at, encode(rated)))
            update_message(connection, replace(message, feedback=feedback))
            return message

        return await self._database.write(work)

    async def feedback(self, *, cursor: str | None = None, limit: int = 50) -> FeedbackPage:
        before = (_FOR_EVER, "") if cursor is None else decode_cursor(cursor, tuple[float, str])
        found = await self._database.scan(lambda db: RATED.all(db, _PAGE, (*before, limit + 1)))
        items = tuple(found[:limit])
        more = encode_cursor((items[-1].feedback.at, items[-1].message_id)) if len(found) > limit else None
        return FeedbackPage(items=items, next=more)
