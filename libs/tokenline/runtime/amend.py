"""Read, decide, compare-and-set, and again if somebody was faster: the one way in which tickets change."""

from collections.abc import Sequence
from typing import NamedTuple

from tokenline.contracts.chat import Message
from tokenline.contracts.ids import TicketId
from tokenline.contracts.tickets import Ticket
from tokenline.core.ports.store import TicketChange, TicketStore, Written


class Amended(NamedTuple):
    """The ticket, and what its write told."""

    ticket: Ticket
    written: Written


async def amend(
    store: TicketStore,
    ticket_id: TicketId,
    change: TicketChange,
    *,
    known: Ticket | None = None,
    messages: Sequence[Message] = (),
) -> Ticket | None:
    """Apply ``change`` and return the ticket written; ``None`` when there is no ticket or ``change`` left it.

    ``known`` saves the first read. ``messages`` are written in the same operation. `IllegalMove` passes through.
    """
    amended = await amended_by(store, ticket_id, change, known=known, messages=messages)
    return None if amended is None else amended.ticket


async def amended_by(
    store: TicketStore,
    ticket_id: TicketId,
    change: TicketChange,
    *,
    known: Ticket | None = None,
    messages: Sequence[Message] = (),
    patient: bool = False,
) -> Amended | None:
    """As `amend`; tells also whether somebody is to be released. ``patient`` as in `TicketStore.replace_ticket`."""
    ticket = known if known is not None else await store.get_ticket(ticket_id)
    while ticket is not None:
        changed = change(ticket)
        if changed is None:
            return None
        if written := await store.replace_ticket(changed, *messages, patient=patient):
            return Amended(changed, written)
        ticket = await store.get_ticket(ticket_id)
    return None
