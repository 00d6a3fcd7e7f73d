"""Acceptance: one document decides, which carries the question until it is written to its place."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, NamedTuple

from msgspec.structs import replace

from tokenline.adapters.store_mongo import attachments
from tokenline.adapters.store_mongo.chat import CONVERSATIONS, get_conversation, get_message
from tokenline.adapters.store_mongo.database import Collections, Database, Document
from tokenline.adapters.store_mongo.documents import insert_new, next_seq
from tokenline.adapters.store_mongo.gate import judge
from tokenline.adapters.store_mongo.limits import charge, give_back
from tokenline.adapters.store_mongo.notes import release_due
from tokenline.adapters.store_mongo.part import Part, StoreTime
from tokenline.adapters.store_mongo.places import Asked, alternative, place_question
from tokenline.adapters.store_mongo.pool_bound import PoolBound
from tokenline.adapters.store_mongo.rows import fields, swap
from tokenline.adapters.store_mongo.settle import Carried, NewTip, carry, carrying
from tokenline.adapters.store_mongo.tickets import get_ticket
from tokenline.contracts.chat import Conversation, FollowUp, Message
from tokenline.contracts.errors import Busy, NotFound, StoreUnavailable
from tokenline.contracts.ids import MessageId
from tokenline.contracts.limits import Charge, Used
from tokenline.contracts.tickets import HoldReason, Ticket
from tokenline.core import ticket as moves
from tokenline.core.access import owned_by
from tokenline.core.clock import Clock
from tokenline.core.ports.store import Accepted
from tokenline.core.tree import Place

UNJUDGED = HoldReason.USER_LIMIT
"""What a ticket is held for until it is judged: true at least for that moment."""


class _Checked(NamedTuple):
    stored: Conversation | None
    asked_at: Asked


class Accepting(Part):
    def __init__(self, database: Database, clock: Clock, store_time: StoreTime) -> None:
        super().__init__(database, clock, store_time)
        self._bound = PoolBound(clock)

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
        asked_as = _asked_as(ticket, question, again=again)
        async with self._database.writing() as db:
            if earlier := await _accepted_before(db, ticket, asked_as):
                return earlier
            checks = self._check(db, ticket, question, conversation, pool_limit, again, after, instead_of)
            (stored, asked_at), used = await _charged(db, charges, now, checks)
            kept = replace(stored or conversation, updated_at=now)
            rejects = kept.follow_up is FollowUp.REJECT

            seq = await next_seq(db)
            held = moves.hold(replace(ticket, seq=seq, files=question.attachment_ids), UNJUDGED)
            asked = replace(question, seq=question.seq if again else seq, ticket_id=ticket.id)
            tip = _new_tip(ticket, question, seq, again=again)
            unsettled = carrying(
                [Carried(seq, asked, asked_at)], now, founding=None if stored else kept, tip=tip, accepted=True
            )
            entry = {"_id": ticket.id, "conversation_id": ticket.conversation_id, "asked_as": asked_as}
            entry |= fields(held)[0] | release_due(ticket.owner_id, now) | unsettled
            if not await insert_new(db.tickets, entry):
                # Sent twice at the same time.
                await give_back(db, charges, now)
                if earlier := await _accepted_before(db, ticket, asked_as):
                    return earlier
                raise StoreUnavailable

            verdict = await judge(db, ticket.owner_id, user_limit=user_limit, now=now, alone=ticket.id)
            reason = verdict.reasons.get(ticket.id, UNJUDGED)
            if rejects and reason is HoldReason.EARLIER_MESSAGE and await _withdraw(db, held):
                if not again:
                    # In case a reader has carried it to its place.
                    await db.messages.delete_one({"_id": question.id})
                await give_back(db, charges, now)
                raise Busy
            [asked] = await carry(db, unsettled["unsettled"])
            placed = await _placed(db, held, reason, now)
            kept = replace(kept, leaf_id=tip.leaf_id if tip else kept.leaf_id)
            return Accepted(ticket=placed, question=asked, conversation=kept, created=True, used=used)

    async def _check(
        self,
        db: Collections,
        ticket: Ticket,
        question: Message,
        conversation: Conversation,
        pool_limit: int,
        again: bool,
        after: MessageId | None,
        instead_of: MessageId | None,
    ) -> _Checked:
        """Only reads. Raises what refuses the question, limits aside."""
        document = await _stored(db, conversation)
        stored = None if document is None else CONVERSATIONS.of(document)
        kept = stored or conversation
        if kept.follow_up is FollowUp.REJECT and await _busy(db, kept):
            raise Busy
        await self._bound.check(db, ticket.pool, pool_limit)
        asked_at = Asked(Place(question.parent_id, question.branch_id, question.depth))
        if not again:
            await attachments.check(db, question)
            asked_at = await place_question(db, document, question, after=after, instead_of=instead_of)
        return _Checked(stored, asked_at)


async def _charged(
    db: Collections, charges: Sequence[Charge], now: float, checks: Coroutine[Any, Any, _Checked]
) -> tuple[_Checked, tuple[Used, ...]]:
    """Charge beside the checks, so that it costs no time of its own; given back when one of them refuses.

    A crash before the ticket is written leaves one that was charged and never asked: it comes back with its window.
    """
    if not charges:
        return await checks, ()
    checked, used = await asyncio.gather(checks, charge(db, charges, now), return_exceptions=True)
    if isinstance(checked, BaseException):
        if not isinstance(used, BaseException):
            await give_back(db, charges, now)
        raise checked
    if isinstance(used, BaseException):
        raise used
    return checked, used


def _asked_as(ticket: Ticket, question: Message, *, again: bool) -> str:
    """What makes two acceptances the same one."""
    if again:
        return f"ticket {ticket.id}"
    if question.client_message_id is None:
        return f"question {question.id}"
    return f"client {question.owner_id} {question.client_message_id}"


async def _accepted_before(db: Collections, ticket: Ticket, asked_as: str) -> Accepted | None:
    found = await db.tickets.find_one({"$or": [{"_id": ticket.id}, {"asked_as": asked_as}]}, {"_id": 1})
    if found is None:
        return None
    first = owned_by(ticket.owner_id, await get_ticket(db, found["_id"]))
    asked = await get_message(db, first.question_id)
    conversation = await get_conversation(db, first.conversation_id)
    if asked is None or conversation is None:
        raise NotFound("The conversation of this message was deleted.")
    if asked.ticket_id not in (None, first.id) and ticket.id != first.id:
        # It was asked again since.
        first = await get_ticket(db, asked.ticket_id) or first
    return Accepted(ticket=first, question=asked, conversation=conversation, created=False)


def _new_tip(ticket: Ticket, question: Message, seq: int, *, again: bool) -> NewTip | None:
    """``None``: the answer fills the place that it had."""
    if not again:
        return NewTip(ticket.answer_id, seq, None)
    return None if ticket.instead_of is None else NewTip(ticket.answer_id, seq, alternative(ticket, question))


async def _stored(db: Collections, draft: Conversation) -> Document | None:
    found = await db.conversations.find_one({"_id": draft.id})
    if found is None:
        return None
    if "doc" not in found:
        raise NotFound("This conversation was deleted.")
    owned_by(draft.owner_id, CONVERSATIONS.of(found))
    return found


async def _busy(db: Collections, conversation: Conversation) -> bool:
    live = {"conversation_id": conversation.id, "line": {"$exists": True}}
    return await db.tickets.find_one(live, {"_id": 1}) is not None


async def _withdraw(db: Collections, held: Ticket) -> bool:
    """Two came at once, and this is the later one. False: somebody has changed it already, so it stays."""
    return (await db.tickets.delete_one({"_id": held.id, "version": held.version})).deleted_count == 1


async def _placed(db: Collections, held: Ticket, reason: HoldReason | None, now: float) -> Ticket:
    """Queued, or held for its reason; what the document carried has been written to its place."""
    over = ("unsettled", "due")
    if reason is UNJUDGED:
        as_written = {"_id": held.id, "version": held.version}
        stays = await db.tickets.update_one(as_written, {"$unset": dict.fromkeys(over, "")})
        if stays.matched_count:
            return held
    else:
        placed = moves.queue(held, seq=held.seq, now=now) if reason is None else moves.hold(held, reason)
        if await swap(db, placed, without=over, anew=True):
            return placed
    # A release came first, or the ticket was cancelled.
    return owned_by(held.owner_id, await get_ticket(db, held.id))
