"""Read, decide, compare-and-set, and again if somebody was faster: the one way in which tickets change."""

from collections.abc import Callable, Sequence

from tokenline.contracts.chat import Message
from tokenline.contracts.ids import TicketId
from tokenline.contracts.tickets import Ticket
from tokenline.core.ports.store import TicketStore

Change = Callable[[Ticket], Ticket | None]
"""From the ticket as it is to the ticket as it shall be; ``None``: leave it."""


async def amend(
    store: TicketStore,
    ticket_id: TicketId,
    change: Change,
    *,
    known: Ticket | None = None,
    messages: Sequence[Message] = (),
) -> Ticket | None:
    """Apply ``change`` and return the ticket written; ``None`` when there is no ticket or ``change`` left it.

    ``known`` saves the first read. ``messages`` are written in the same operation. `IllegalMove` passes through.
    """
    ticket = known if known is not None else await store.get_ticket(ticket_id)
    while ticket is not None:
        changed = change(ticket)
        if changed is None:
            return None
        if await store.replace_ticket(changed, *messages):
            return changed
        ticket = await store.get_ticket(ticket_id)
    return None
