"""How a conversation is changed: whoever changes it says what becomes of it as it is stored, never of a picture."""

import math
from collections.abc import Callable

from msgspec.structs import replace

from tokenline.contracts.chat import Conversation

ConversationChange = Callable[[Conversation], Conversation]
"""From the conversation as it is to the conversation as it shall be; the same: leave it. Pure, may be called again."""


def changed(stored: Conversation, change: ConversationChange) -> Conversation:
    """``stored`` after the change, and later than before, so that of two pictures of it the newer one can be told."""
    after = change(stored)
    if after == stored:
        return stored
    return replace(after, updated_at=max(after.updated_at, math.nextafter(stored.updated_at, math.inf)))


def answered(stored: Conversation, seq: int) -> Conversation:
    """With an answer of this ``seq`` in it. No change of the kind that pictures are told apart by: it only grows."""
    return replace(stored, answer_seq=max(stored.answer_seq, seq))


def read(stored: Conversation, seq: int) -> Conversation:
    """Read up to this message: never less than before, and never what is not there yet."""
    return replace(stored, read_seq=max(stored.read_seq, min(seq, stored.answer_seq)))
