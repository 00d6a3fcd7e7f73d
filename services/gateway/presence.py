"""What a user's devices know of each other: how far a conversation is read, and where a question is being written."""

from services.gateway.deps import Deps
from tokenline.contracts.chat import Conversation
from tokenline.contracts.errors import NotFound
from tokenline.contracts.events import ConversationChanged, ConversationTyped
from tokenline.contracts.ids import ConversationId
from tokenline.core.access import owned_by
from tokenline.core.conversation import read
from tokenline.runtime.auth.principal import Principal

TYPING_EVERY_S = 2.0
"""What one socket says of typing more often than this is not passed on: others show it for 5 s."""


async def mark_read(deps: Deps, asker: Principal, conversation_id: ConversationId, seq: int) -> Conversation:
    """Read up to this message. Nothing happens when it was read before. Raises `NotFound`."""
    known = owned_by(asker.user_id, await deps.store.get_conversation(conversation_id))
    if read(known, seq) == known:
        return known
    marked = await deps.store.change_conversation(conversation_id, lambda stored: read(stored, seq))
    if marked is None:
        raise NotFound
    deps.announcer.announce(ConversationChanged(conversation=marked))
    return marked


async def tell_typing(deps: Deps, asker: Principal, conversation_id: ConversationId, session: str) -> None:
    """To the user's other sockets. Raises `NotFound`."""
    owned_by(asker.user_id, await deps.store.get_conversation(conversation_id))
    deps.announcer.announce(ConversationTyped(conversation_id=conversation_id, owner_id=asker.user_id, session=session))
