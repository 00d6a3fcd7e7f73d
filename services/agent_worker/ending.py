"""What an answer leaves behind besides its text: the files it names, and the reply by which gateways end it."""

from collections.abc import Sequence
from contextlib import suppress

from services.agent_worker.deps import Deps
from tokenline.contracts.attachments import Passage
from tokenline.contracts.chat import Citation, Message, without_text
from tokenline.contracts.errors import StoreUnavailable
from tokenline.contracts.ids import ReplyKey
from tokenline.contracts.replies import Ended, Final
from tokenline.contracts.tickets import Ticket
from tokenline.contracts.topology import takes_final
from tokenline.core.citations import cited
from tokenline.core.ports.store import Store, Written


async def citations_of(store: Store, ticket: Ticket, text: str, given: Sequence[Passage]) -> tuple[Citation, ...]:
    """Of files that still are this conversation's: one may have been deleted while the answer was written."""
    named = cited(text, given)
    if not named:
        return ()
    files = await store.attachments(sorted({one.attachment_id for one in named}))
    place = (ticket.owner_id, ticket.conversation_id)
    here = {file.id for file in files if (file.owner_id, file.conversation_id) == place}
    return tuple(one for one in named if one.attachment_id in here)


async def final_of(store: Store, ended: Ticket, answer: Message | None, written: Written | None) -> Final | None:
    """For all gateways at once; ``None``: they have to read the end in the store.

    The answer's number and its place are the store's: as ``written`` says, or else as it is read.
    """
    stored = None
    if answer is not None:
        if written is not None and written.messages is not None:
            stored = next(iter(written.messages), None)
        else:
            with suppress(StoreUnavailable):
                stored = await store.get_message(answer.id)
        if stored is None or stored.ticket_id != ended.id:
            return None
    length, without = (len(stored.content), without_text(stored)) if stored is not None else (0, None)
    return Final(ended.id, ended.attempt, ended.version, ended.state, length, without)


def tell_ended(deps: Deps, ticket: Ticket, gateways: set[ReplyKey], final: Final | None = None) -> None:
    """Send the terminal reply to everybody who follows: ``final``, where there is one, to those who can read it."""
    ended = Ended(ticket.id, ticket.attempt, ticket.version)
    for gateway in gateways | set(ticket.reply_to):
        reply = final if final is not None and takes_final(gateway) else ended
        deps.publisher.send(reply, [gateway], urgent=True)
