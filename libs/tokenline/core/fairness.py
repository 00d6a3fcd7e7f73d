"""Who may enter the broker queue: one ticket per conversation, at most K per user, none before its files are read."""

from collections.abc import Iterable, Sequence

from tokenline.contracts.tickets import HoldReason, Ticket, TicketState


def hold_reason(*, conversation_busy: bool, in_queue: int, user_limit: int, indexing: bool) -> HoldReason | None:
    """Why a ticket must wait outside the queue; ``None``: it may enter.

    ``in_queue`` counts the owner's tickets that are queued or running; ``user_limit`` is K.
    """
    if conversation_busy:
        return HoldReason.EARLIER_MESSAGE
    if indexing:
        return HoldReason.INDEXING
    if in_queue >= user_limit:
        return HoldReason.USER_LIMIT
    return None


def next_reasons(live: Sequence[Ticket], *, user_limit: int, indexing: Iterable[str]) -> dict[str, HoldReason | None]:
    """Judge again every held ticket of one owner; ``None`` means release it.

    ``live``: all live tickets of the owner, oldest first. ``indexing``: ids of those whose files are being read.
    A ticket released here counts for the ones after it.
    """
    reading = set(indexing)
    in_queue = sum(ticket.state is not TicketState.HELD for ticket in live)
    busy: set[str] = set()
    reasons: dict[str, HoldReason | None] = {}
    for ticket in live:
        if ticket.state is TicketState.HELD:
            reason = hold_reason(
                conversation_busy=ticket.conversation_id in busy,
                in_queue=in_queue,
                user_limit=user_limit,
                indexing=ticket.id in reading,
            )
            reasons[ticket.id] = reason
            in_queue += reason is None
        busy.add(ticket.conversation_id)
    return reasons
