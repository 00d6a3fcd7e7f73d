"""Acceptance: question, ticket and conversation in one write, queued or held."""

import sqlite3
from collections.abc import Sequence

from msgspec.structs import replace

from tokenline.adapters.store_sqlite.attachments import any_unread, bind_attachments
from tokenline.adapters.store_sqlite.chat import (
    get_conversation,
    get_message,
    insert_conversation,
    insert_message,
    put_message,
    update_conversation,
)
from tokenline.adapters.store_sqlite.documents import as_list, next_seq
from tokenline.adapters.store_sqlite.limits import charge
from tokenline.adapters.store_sqlite.part import Part
from tokenline.adapters.store_sqlite.tickets import get_ticket, insert_ticket
from tokenline.adapters.store_sqlite.tree import (
    add_branch,
    alternative,
    first_place,
    place_question,
    put_in_place,
    update_path,
)
from tokenline.contracts.chat import Conversation, FollowUp, Message
from tokenline.contracts.errors import Busy, NotFound, QueueFull
from tokenline.contracts.ids import MessageId
from tokenline.contracts.limits import Charge
from tokenline.contracts.tickets import Ticket
from tokenline.core import ticket as moves
from tokenline.core.access import owned_by
from tokenline.core.fairness import hold_reason
from tokenline.core.ports.store import POOL_FULL_RETRY_S, Accepted
from tokenline.core.tree import Place, Position

_EARLIER = """
    SELECT ticket_id FROM messages WHERE owner_id = ? AND client_message_id = ?
    UNION ALL SELECT ticket_id FROM messages WHERE id = ?
    UNION ALL SELECT id FROM tickets WHERE id = ?
    LIMIT 1
"""
_LINE = """
    SELECT
        EXISTS (SELECT 1 FROM tickets WHERE conversation_id = ? AND live = 1),
        (SELECT count(*) FROM tickets INDEXED BY tickets_live
            WHERE live = 1 AND state IN ('held', 'queued', 'processing', 'streaming') AND owner_id = ?
            AND (state <> 'held' OR hold_reason IN ('user_limit', 'retrying'))),
        coalesce((SELECT live FROM pool_counts WHERE pool = ?), 0)
"""


class Accepting(Part):
    async def accept(
        self,
        ticket: Ticket,
        question: Message,
        conversation: Conversation,
        *,
        user_limit: int,
        pool_limit: int,
        now: float,
        again: bool = False,
        after: MessageId | None = None,
        instead_of: MessageId | None = None,
        charges: Sequence[Charge] = (),
    ) -> Accepted:

        def work(connection: sqlite3.Connection) -> Accepted:
            earlier = _accepted_before(connection, ticket, question, again=again)
            if earlier is not None:
                return earlier
            stored = get_conversation(connection, conversation.id)
            former = conversation if stored is None else owned_by(conversation.owner_id, stored)
            if stored is None and not again and after is None and instead_of is None:
                place: Place | None = first_place(question)
            else:
                place = _place(connection, ticket, question, former, again=again, after=after, instead_of=instead_of)
            kept = replace(former, updated_at=now, leaf_id=ticket.answer_id if place else former.leaf_id)
            busy, ahead, in_pool = connection.execute(
                _LINE, (ticket.conversation_id, ticket.owner_id, ticket.pool)
            ).fetchone()
            if busy and kept.follow_up is FollowUp.REJECT:
                raise Busy
            if in_pool >= pool_limit:
                raise QueueFull("Too many questions are waiting.", retry_after_s=POOL_FULL_RETRY_S)
            # Asked again its files are in the conversation, or deleted since.
            files = question.attachment_ids
            indexing = bool(files) and (
                any_unread(connection, as_list(files)) if again else bind_attachments(connection, question)
            )
            used = charge(connection, charges, now)
            reason = hold_reason(conversation_busy=bool(busy), ahead=ahead, user_limit=user_limit, indexing=indexing)
            seq = next_seq(connection)
            draft = replace(ticket, seq=seq, files=files)
            placed = moves.queue(draft, seq=seq, now=now) if reason is None else moves.hold(draft, reason)
            insert_ticket(connection, placed)
            _keep(connection, kept, place, founded=stored is None)
            asked = replace(question, seq=question.seq if again else seq, ticket_id=ticket.id)
            if place is not None and not again:
                asked = put_in_place(connection, asked, place)
            elif place is not None and place.fork is not None:
                add_branch(connection, kept.id, place.fork)
            if again:
                put_message(connection, asked)
            else:
                insert_message(connection, asked, seq)
            return Accepted(ticket=placed, question=asked, conversation=kept, created=True, used=used)

        return await self._database.write(work)


def _accepted_before(
    connection: sqlite3.Connection, ticket: Ticket, question: Message, *, again: bool
) -> Accepted | None:
    asked_as = (None, None) if again else (question.client_message_id, question.id)
    row = connection.execute(_EARLIER, (ticket.owner_id, *asked_as, ticket.id)).fetchone()
    if row is None:
        return None
    first = owned_by(ticket.owner_id, get_ticket(connection, row[0]))
    asked = get_message(connection, first.question_id)
    conversation = get_conversation(connection, first.conversation_id)
    if asked is None or conversation is None:
        raise NotFound("The conversation of this message was deleted.")
    return Accepted(ticket=first, question=asked, conversation=conversation, created=False)


def _keep(connection: sqlite3.Connection, kept: Conversation, place: Place | None, *, founded: bool) -> None:
    """With its path ending at the answer that ``place`` is for, or above."""
    tip = None if place is None else _tip(place)
    if founded:
        insert_conversation(connection, kept, tip)
    elif tip is None:
        update_conversation(connection, kept)
    else:
        update_path(connection, kept, tip)


def _place(
    connection: sqlite3.Connection,
    ticket: Ticket,
    question: Message,
    conversation: Conversation,
    *,
    again: bool,
    after: MessageId | None,
    instead_of: MessageId | None,
) -> Place | None:
    """Of the question, or of the answer to one that is asked again; ``None``: that fills the place it had."""
    if not again:
        return place_question(connection, conversation, question, after=after, instead_of=instead_of)
    return None if ticket.instead_of is None else alternative(ticket, question)


def _tip(place: Place) -> Position:
    """Where the answer stands, or will."""
    return Position(place.branch, place.depth if place.depth % 2 else place.depth + 1)
