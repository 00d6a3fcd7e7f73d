"""Which limits the tokens of an answer are counted for. They are known when it ends."""

from msgspec.structs import replace

from tokenline.contracts.limits import Charge
from tokenline.contracts.tickets import Ticket
from tokenline.core.ticket import LIVE


def spent_on(ticket: Ticket) -> tuple[Charge, ...]:
    """What to count with the write that ends it; nothing where nobody reported or estimated tokens."""
    if not ticket.counts_for or ticket.usage is None or ticket.state in LIVE:
        return ()
    tokens = ticket.usage.prompt_tokens + ticket.usage.completion_tokens
    return tuple(replace(charge, amount=tokens) for charge in ticket.counts_for)
