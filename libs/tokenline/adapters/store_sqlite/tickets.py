"""Tickets: compare-and-set writes, and the listings that the line keeper lives on."""

import sqlite3
from operator import attrgetter

from tokenline.adapters.store_sqlite.chat import insert_message
from tokenline.adapters.store_sqlite.documents import Documents, encode, next_seq
from tokenline.adapters.store_sqlite.part import Part
from tokenline.contracts.chat import Message
from tokenline.contracts.ids import TicketId, UserId
from tokenline.contracts.tickets import Ticket
from tokenline.core.ports.store import worker_lease
from tokenline.core.ticket import LIVE, RUNNING

TICKETS = Documents(Ticket)

# INDEXED BY makes a listing fail its test rather than quietly read the whole history.
_LIVE = "SELECT doc FROM tickets INDEXED BY tickets_live WHERE live = 1"
_LIVE_OF_OWNER = f"{_LIVE} AND state IN ('held', 'queued', 'processing', 'streaming') AND owner_id = ?"
_UNPUBLISHED = """
    SELECT doc FROM tickets INDEXED BY tickets_unpublished
    WHERE state = 'queued' AND published_at IS NULL AND queued_at < ?
    ORDER BY priority DESC, seq LIMIT ?
"""
_OVERDUE = """
    SELECT doc FROM tickets INDEXED BY tickets_deadline
    WHERE state IN ('held', 'queued') AND deadline_at < ? ORDER BY deadline_at LIMIT ?
"""
# Reads all running tickets: as many as there are slots.
_ORPHANED = """
    SELECT tickets.doc FROM tickets INDEXED BY tickets_live
    LEFT JOIN leases ON leases.name = tickets.lease AND leases.expires_at > ?
    WHERE tickets.live = 1 AND tickets.state IN ('processing', 'streaming') AND leases.name IS NULL
    ORDER BY tickets.id LIMIT ?
"""
# Jumps from owner to owner along the index, however many tickets each one has.
_OWNERS_WITH_HELD = """
    WITH RECURSIVE owners (id) AS (
        SELECT min(owner_id) FROM tickets INDEXED BY tickets_live WHERE live = 1 AND state = 'held'
        UNION ALL
        SELECT (
            SELECT min(owner_id) FROM tickets INDEXED BY tickets_live
            WHERE live = 1 AND state = 'held' AND owner_id > owners.id
        ) FROM owners WHERE owners.id IS NOT NULL
    )
    SELECT id FROM owners WHERE id IS NOT NULL
"""
_REPLACE = """
    UPDATE tickets SET version = ?, state = ?, live = ?, pool = ?, priority = ?, seq = ?, queued_at = ?,
        published_at = ?, deadline_at = ?, lease = ?, doc = ?
    WHERE id = ? AND version = ?
"""
_INSERT = """
    INSERT INTO tickets (version, state, live, pool, priority, seq, queued_at, published_at, deadline_at, lease, doc,
        id, owner_id, conversation_id)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_oldest_first = attrgetter("created_at", "id")


def _columns(ticket: Ticket) -> tuple[object, ...]:
    """What may change, in the order of `_REPLACE` and `_INSERT`."""
    lease = None
    if ticket.state in RUNNING and ticket.worker_id is not None and ticket.incarnation is not None:
        lease = worker_lease(ticket.worker_id, ticket.incarnation)
    return (
        ticket.version,
        ticket.state.value,
        ticket.state in LIVE,
        ticket.pool,
        ticket.priority,
        ticket.seq,
        ticket.queued_at,
        ticket.published_at,
        ticket.deadline_at,
        lease,
        encode(ticket),
    )


def insert_ticket(connection: sqlite3.Connection, ticket: Ticket) -> None:
    connection.execute(_INSERT, (*_columns(ticket), ticket.id, ticket.owner_id, ticket.conversation_id))


def get_ticket(connection: sqlite3.Connection, ticket_id: TicketId) -> Ticket | None:
    return TICKETS.one(connection, "SELECT doc FROM tickets WHERE id = ?", (ticket_id,))


class Tickets(Part):
    async def get_ticket(self, ticket_id: TicketId) -> Ticket | None:
        return await self._database.read(lambda connection: get_ticket(connection, ticket_id))

    async def replace_ticket(self, ticket: Ticket) -> bool:
        return await self.finish_ticket(ticket, None)

    async def finish_ticket(self, ticket: Ticket, answer: Message | None) -> bool:
        parameters = (*_columns(ticket), ticket.id, ticket.version - 1)

        def work(connection: sqlite3.Connection) -> bool:
            if connection.execute(_REPLACE, parameters).rowcount != 1:
                return False
            if answer is not None:
                insert_message(connection, answer, next_seq(connection))
            return True

        return await self._database.write(work)

    async def next_seq(self) -> int:
        return await self._database.write(next_seq)

    async def live_tickets(self, owner: UserId | None = None) -> list[Ticket]:
        def work(connection: sqlite3.Connection) -> list[Ticket]:
            if owner is None:
                tickets = TICKETS.all(connection, _LIVE)
            else:
                tickets = TICKETS.all(connection, _LIVE_OF_OWNER, (owner,))
            return sorted(tickets, key=_oldest_first)

        return await self._database.scan(work)

    async def unpublished_tickets(self, queued_before: float, limit: int) -> list[Ticket]:
        return await self._scan(_UNPUBLISHED, queued_before, limit)

    async def overdue_tickets(self, now: float, limit: int) -> list[Ticket]:
        return await self._scan(_OVERDUE, now, limit)

    async def orphaned_tickets(self, limit: int) -> list[Ticket]:
        return await self._scan(_ORPHANED, self._clock.now(), limit)

    async def owners_with_held_tickets(self) -> list[UserId]:
        return await self._database.scan(
            lambda connection: [owner for (owner,) in connection.execute(_OWNERS_WITH_HELD)]
        )

    async def _scan(self, sql: str, *parameters: object) -> list[Ticket]:
        return await self._database.scan(lambda connection: TICKETS.all(connection, sql, parameters))
