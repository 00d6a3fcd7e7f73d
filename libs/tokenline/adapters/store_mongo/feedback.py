"""Feedback: part of its answer's document, with an index of its own for those who read all there is."""

from tokenline.adapters.store_mongo.chat import MESSAGES
from tokenline.adapters.store_mongo.database import Document
from tokenline.adapters.store_mongo.documents import Documents, encode
from tokenline.adapters.store_mongo.part import Part
from tokenline.contracts.chat import Message
from tokenline.contracts.feedback import Feedback, RatedAnswer
from tokenline.contracts.ids import AgentId, MessageId
from tokenline.core.paging import decode_cursor, encode_cursor
from tokenline.core.ports.store import FeedbackPage

RATED = Documents(RatedAnswer)

_FOR_EVER = 1e18


class Feedbacks(Part):
    async def rate(self, message_id: MessageId, feedback: Feedback | None, agent_id: AgentId) -> Message | None:
        async with self._database.writing() as db:
            message = MESSAGES.maybe(await db.messages.find_one({"_id": message_id}))
            if message is None:
                return None
            change: Document = {"$unset": {"feedback": ""}}
            if feedback is not None:
                rated = RatedAnswer(
                    message_id=message_id,
                    conversation_id=message.conversation_id,
                    owner_id=message.owner_id,
                    agent_id=agent_id,
                    feedback=feedback,
                )
                change = {"$set": {"feedback": {"at": feedback.at, "id": message_id, "doc": encode(rated)}}}
            written = await db.messages.update_one({"_id": message_id}, change)
            return message if written.matched_count else None

    async def feedback(self, *, cursor: str | None = None, limit: int = 50) -> FeedbackPage:
        at, last_id = (_FOR_EVER, "") if cursor is None else decode_cursor(cursor, tuple[float, str])
        wanted: Document = {
            "$or": [{"feedback.at": {"$lt": at}}, {"feedback.at": at, "feedback.id": {"$lt": last_id}}],
        }
        async with self._database.reading() as db:
            latest_first = db.messages.find(wanted, {"feedback": 1}).sort([("feedback.at", -1), ("feedback.id", -1)])
            found = [RATED.of(document["feedback"]) for document in await latest_first.limit(limit + 1).to_list(None)]
        items = tuple(found[:limit])
        more = encode_cursor((items[-1].feedback.at, items[-1].message_id)) if len(found) > limit else None
        return FeedbackPage(items=items, next=more)
