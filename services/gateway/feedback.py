"""What the owner of an answer says about it: kept with it, told to all tabs, counted."""

import unicodedata

from services.gateway.deps import Deps
from tokenline.contracts.chat import Message
from tokenline.contracts.errors import BadRequest, NotFound
from tokenline.contracts.events import AnswerRated
from tokenline.contracts.feedback import Feedback
from tokenline.contracts.ids import MessageId
from tokenline.contracts.metrics import FEEDBACK
from tokenline.core.access import owned_by
from tokenline.runtime.auth.principal import Principal


async def rate(deps: Deps, asker: Principal, message_id: MessageId, feedback: Feedback | None) -> None:
    """In place of what was said before; ``None``: take it back. Raises `NotFound`, and `BadRequest` for a question."""
    answer = owned_by(asker.user_id, await deps.store.get_message(message_id))
    if answer.role != "assistant":
        raise BadRequest("Only answers can be rated.")
    before = await deps.store.rate(message_id, feedback, await _answered_by(deps, answer))
    if before is None:
        raise NotFound
    if before.feedback == feedback:
        return
    if feedback is not None and (before.feedback is None or before.feedback.rating is not feedback.rating):
        deps.metrics.add(FEEDBACK, feedback.rating)
    deps.announcer.announce(
        AnswerRated(
            conversation_id=answer.conversation_id,
            owner_id=answer.owner_id,
            message_id=message_id,
            feedback=feedback,
        )
    )


async def _answered_by(deps: Deps, answer: Message) -> str:
    """The agent of its ticket; of an answer without one, that of its conversation by now."""
    ticket = await deps.store.get_ticket(answer.ticket_id) if answer.ticket_id else None
    if ticket is not None:
        return ticket.agent_id
    conversation = await deps.store.get_conversation(answer.conversation_id)
    if conversation is None:
        raise NotFound
    return conversation.agent_id


def clean_comment(text: str | None) -> str | None:
    """Without control characters but line breaks; ``None`` when nothing is left."""
    if text is None:
        return None
    kept = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) != "Cc").strip()
    return kept or None
