"""Asking a stored question again: which ticket follows, and which answer it is to write."""

from typing import NamedTuple

from tokenline.contracts.chat import Message
from tokenline.contracts.ids import MessageId, TicketId
from tokenline.contracts.tickets import Ticket
from tokenline.core.clock import derived_id


class Wanted(NamedTuple):
    """An answer to be written, ``instead_of`` another one."""

    answer_id: MessageId
    instead_of: MessageId | None


def id_after(ended: Ticket) -> TicketId:
    """Follows from the ended ticket's: however often and from wherever it is asked for, there is one."""
    return derived_id(ended.finished_at or ended.created_at, ended.id)


def next_id(question: Message, former: Ticket | None) -> TicketId:
    """Of the ticket after ``former``, which is the question's latest; copied questions have none."""
    return derived_id(question.created_at, question.id, "again") if former is None else id_after(former)


def wanted(former: Ticket | None, beside: Message | None, fresh_id: MessageId) -> Wanted:
    """What ``former`` left unwritten is written now; else one with ``fresh_id`` comes to stand ``beside`` what is."""
    if beside is None and former is not None:
        return Wanted(former.answer_id, former.instead_of)
    return Wanted(fresh_id, beside.id if beside is not None else None)
