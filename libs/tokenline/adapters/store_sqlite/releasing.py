"""Letting held tickets into the queue: judged and written in one transaction, so that no limit is passed."""

import sqlite3

import msgspec

from tokenline.adapters.store_sqlite.attachments import any_unread
from tokenline.adapters.store_sqlite.documents import as_list, next_seq
from tokenline.adapters.store_sqlite.part import Part
from tokenline.adapters.store_sqlite.releases import anything_held, due_owners, take_back
from tokenline.adapters.store_sqlite.tickets import get_ticket, replace_ticket
from tokenline.contracts.ids import TicketId, UserId
from tokenline.contracts.tickets import HoldReason, Ticket, TicketState
from tokenline.core import ticket as moves
from tokenline.core.fairness import Standing, judge_held

_ids = msgspec.json.Decoder(tuple[str, ...]).decode

_STANDINGS = """
    SELECT id, conversation_id, state, hold_reason, seq, files FROM tickets INDEXED BY tickets_live
    WHERE live = 1 AND state IN ('held', 'queued', 'processing', 'streaming') AND owner_id = ?
"""


class Releasing(Part):
    async def release_held(self, owner: UserId, *, user_limit: int, now: float) -> list[Ticket]:
        # After nearly every end: then nothing is written. What ended is committed by now, so whoever is held for it is
        # seen here, and whoever comes later is not held for it.
        if not await self._database.read(lambda connection: anything_held(connection, owner)):
            return []

        def work(connection: sqlite3.Connection) -> list[Ticket]:
            take_back(connection, owner)
            changed = judge_held(
                _standings(connection, owner),
                user_limit=user_limit,
                indexing=lambda standing: any_unread(connection, as_list(standing.files)),
            )
            return [_judged(connection, ticket_id, reason, now) for ticket_id, reason in changed.items()]

        return await self._database.write(work)

    async def owners_to_release(self, due_before: float, limit: int) -> list[UserId]:
        return await self._database.scan(lambda connection: due_owners(connection, due_before, limit))


def _standings(connection: sqlite3.Connection, owner: UserId) -> list[Standing]:
    return [
        Standing(
            id=ticket_id,
            conversation_id=conversation_id,
            state=TicketState(state),
            hold_reason=HoldReason(reason) if reason else None,
            seq=seq,
            files=_ids(files) if files else (),
        )
        for ticket_id, conversation_id, state, reason, seq, files in connection.execute(_STANDINGS, (owner,))
    ]


def _judged(connection: sqlite3.Connection, ticket_id: TicketId, reason: HoldReason | None, now: float) -> Ticket:
    held = get_ticket(connection, ticket_id)
    if held is None:
        raise LookupError(ticket_id)
    seq = next_seq(connection) if reason is None else 0
    judged = moves.queue(held, seq=seq, now=now) if reason is None else moves.hold(held, reason)
    replace_ticket(connection, judged)
    return judged
