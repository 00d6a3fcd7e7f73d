"""Who may enter the broker queue: one ticket per conversation, at most K per user, none before its files are read."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from tokenline.contracts.ids import AttachmentId, ConversationId, TicketId
from tokenline.contracts.tickets import HoldReason, TicketState


class Standing(NamedTuple):
    """What fairness needs to know of one live ticket."""

    id: TicketId
    conversation_id: ConversationId
    state: TicketState
    hold_reason: HoldReason | None
    seq: int
    files: tuple[AttachmentId, ...]

    @property
    def admitted(self) -> bool:
        """Queued, running, or pausing between two attempts: it counts for K."""
        return self.state is not TicketState.HELD or self.hold_reason is HoldReason.RETRYING


def hold_reason(*, conversation_busy: bool, ahead: int, user_limit: int, indexing: bool) -> HoldReason | None:
    """Why a ticket must wait outside the queue; ``None``: it may enter.

    ``ahead`` counts the owner's tickets that are admitted or will be before it; ``user_limit`` is K.
    """
    if conversation_busy:
        return HoldReason.EARLIER_MESSAGE
    if indexing:
        return HoldReason.INDEXING
    if ahead >= user_limit:
        return HoldReason.USER_LIMIT
    return None


def judge_held(
    live: Iterable[Standing], *, user_limit: int, indexing: Callable[[Standing], bool]
) -> dict[TicketId, HoldReason | None]:
    """Judge again the held tickets of one owner, first come first: those whose reason changed; ``None`` means release.

    ``live``: all live tickets of the owner. ``indexing`` is asked only of tickets with files. A ticket released here
    counts for the ones after it.
    """
    ordered = sorted(live, key=lambda standing: (not standing.admitted, standing.seq))
    ahead = sum(standing.admitted for standing in ordered)
    busy: set[ConversationId] = set()
    changed: dict[TicketId, HoldReason | None] = {}
    for standing in ordered:
        if not standing.admitted:
            reason = hold_reason(
                conversation_busy=standing.conversation_id in busy,
                ahead=ahead,
                user_limit=user_limit,
                indexing=bool(standing.files) and indexing(standing),
            )
            ahead += reason is None
            if reason is not standing.hold_reason:
                changed[standing.id] = reason
        busy.add(standing.conversation_id)
    return changed
