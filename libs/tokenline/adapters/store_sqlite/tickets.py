"""Tickets: compare-and-set writes, and the listings that the line keeper lives on."""

import sqlite3
from collections.abc import Sequence
from operator import attrgetter

from tokenline.adapters.store_sqlite.attachments import attachments_of
from tokenline.adapters.store_sqlite.chat import get_message, put_message
from tokenline.adapters.store_sqlite.documents import Documents, as_list, encode, next_seq
from tokenline.adapters.store_sqlite.limits import count
from tokenline.adapters.store_sqlite.part import Part
from tokenline.adapters.store_sqlite.releases import note_release_due
from tokenline.adapters.store_sqlite.tree import place_answer, take_path_back
from tokenline.adapters.store_sqlite.webhooks import add_delivery
from tokenline.contracts.chat import Message
from tokenline.contracts.ids import Pool, TicketId, UserId
from tokenline.contracts.tickets import Ticket, TicketOffer
from tokenline.core.paging import decode_cursor, encode_cursor
from tokenline.core.ports.store import Asked, Offered, TicketChange, TicketPage, Written, worker_lease
from tokenline.core.ticket import LIVE, RUNNING
from tokenline.core.token_limits import spent_on

TICKETS = Documents(Ticket)

_FOR_EVER = 1e18

# INDEXED BY makes a listing fail its test rather than quietly read the whole history.
_LIVE = "SELECT doc FROM tickets INDEXED BY tickets_live WHERE live = 1"
_LIVE_OF_OWNER = f"{_LIVE} AND state IN ('held', 'queued', 'processing', 'streaming') AND owner_id = ?"
_UNPUBLISHED = """
    SELECT doc FROM tickets INDEXED BY tickets_unpublished
    WHERE state = 'queued' AND published_no <> publish_no AND level_at < ?
    ORDER BY priority DESC, seq LIMIT ?
"""
_STARVING = """
    SELECT doc FROM tickets INDEXED BY tickets_level
    WHERE state = 'queued' AND pool = ? AND priority = ? AND level_at < ? ORDER BY level_at, seq LIMIT ?
"""
_PAUSED = """
    SELECT doc FROM tickets INDEXED BY tickets_paused
    WHERE due_at IS NOT NULL AND due_at < ? ORDER BY due_at LIMIT ?
"""
_DEAD = """
    SELECT doc FROM tickets INDEXED BY tickets_dead
    WHERE dead = 1 AND (ended_at, id) < (?, ?) ORDER BY ended_at DESC, id DESC LIMIT ?
"""
# Once it is claimed nobody asks any more: then nothing is written, and the commit costs nothing.
_CONFIRM = "UPDATE tickets SET published_no = publish_no WHERE id = ? AND publish_no = ? AND state = 'queued'"
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
_REPLACE = """
    UPDATE tickets SET version = ?, state = ?, live = ?, pool = ?, priority = ?, seq = ?, hold_reason = ?,
        level_at = ?, due_at = ?, deadline_at = ?, ended_at = ?, dead = ?, publish_no = ?, lease = ?, doc = ?
    WHERE id = ? AND version = ?
"""
# While it runs nothing else changes, and indexes that need not be looked at cost nothing.
_RUN = "UPDATE tickets SET version = ?, state = ?, lease = ?, doc = ? WHERE id = ? AND version = ?"
_INSERT = """
    INSERT INTO tickets (version, state, live, pool, priority, seq, hold_reason, level_at, due_at, deadline_at,
        ended_at, dead, publish_no, lease, doc, id, owner_id, conversation_id, files)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_oldest_first = attrgetter("created_at", "id")


def _columns(ticket: Ticket) -> tuple[object, ...]:
    """What may change, in the order of `_REPLACE` and `_INSERT`."""
    return (
        ticket.version,
        ticket.state.value,
        ticket.state in LIVE,
        ticket.pool,
        ticket.priority,
        ticket.seq,
        ticket.hold_reason,
        ticket.level_at,
        ticket.due_at if ticket.state in LIVE else None,
        ticket.deadline_at,
        ticket.finished_at,
        ticket.dead,
        ticket.publish_no,
        _lease(ticket),
        encode(ticket),
    )


def _lease(ticket: Ticket) -> str | None:
    if ticket.state in RUNNING and ticket.worker_id is not None and ticket.incarnation is not None:
        return worker_lease(ticket.worker_id, ticket.incarnation)
    return None


def insert_ticket(connection: sqlite3.Connection, ticket: Ticket) -> None:
    files = as_list(ticket.files) if ticket.files else None
    connection.execute(_INSERT, (*_columns(ticket), ticket.id, ticket.owner_id, ticket.conversation_id, files))


def replace_ticket(connection: sqlite3.Connection, ticket: Ticket) -> bool:
    if ticket.state in RUNNING:
        columns = (ticket.version, ticket.state.value, _lease(ticket), encode(ticket))
        return connection.execute(_RUN, (*columns, ticket.id, ticket.version - 1)).rowcount == 1
    return connection.execute(_REPLACE, (*_columns(ticket), ticket.id, ticket.version - 1)).rowcount == 1


def get_ticket(connection: sqlite3.Connection, ticket_id: TicketId) -> Ticket | None:
    return TICKETS.one(connection, "SELECT doc FROM tickets WHERE id = ?", (ticket_id,))


class Tickets(Part):
    async def get_ticket(self, ticket_id: TicketId) -> Ticket | None:
        return await self._database.read(lambda connection: get_ticket(connection, ticket_id))

    async def claim_ticket(self, ticket_id: TicketId, claim: TicketChange) -> Offered | None:
        def work(connection: sqlite3.Connection) -> Offered | None:
            ticket = get_ticket(connection, ticket_id)
            if ticket is None:
                return None
            claimed = claim(ticket)
            if claimed is None or not replace_ticket(connection, claimed):
                return Offered(ticket=ticket)
            files = attachments_of(connection, claimed.conversation_id)
            question = get_message(connection, claimed.question_id)
            return Offered(ticket=claimed, asked=Asked(question=question, attachments=tuple(files)))

        return await self._database.write(work)

    async def replace_ticket(self, ticket: Ticket, *messages: Message, patient: bool = False) -> Written | None:
        def work(connection: sqlite3.Connection) -> Written | None:
            if not replace_ticket(connection, ticket):
                return None
            put = [put_message(connection, place_answer(connection, message, ticket)) for message in messages]
            stored = tuple(message for message in put if message is not None)
            if ticket.state in LIVE:
                return Written(messages=stored)
            release_due = note_release_due(connection, ticket.owner_id, self._clock.now())
            add_delivery(connection, ticket)
            take_path_back(connection, ticket)
            count(connection, spent_on(ticket), self._clock.now())
            return Written(release_due=release_due, messages=stored)

        return await self._database.write(work, patient=patient)

    async def confirm_published(self, offers: Sequence[TicketOffer]) -> None:
        rows = [(offer.ticket_id, offer.publish_no) for offer in offers]

        def work(connection: sqlite3.Connection) -> None:
            # No cursor leaves this thread: finalised in another it would disturb the connection at work.
            connection.executemany(_CONFIRM, rows)

        await self._database.write(work)

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

    async def unpublished_tickets(self, level_before: float, limit: int) -> list[Ticket]:
        return await self._scan(_UNPUBLISHED, level_before, limit)

    async def starving_tickets(self, pool: Pool, priority: int, level_before: float, limit: int) -> list[Ticket]:
        return await self._scan(_STARVING, pool, priority, level_before, limit)

    async def paused_tickets(self, due_before: float, limit: int) -> list[Ticket]:
        return await self._scan(_PAUSED, due_before, limit)

    async def overdue_tickets(self, now: float, limit: int) -> list[Ticket]:
        return await self._scan(_OVERDUE, now, limit)

    async def orphaned_tickets(self, limit: int) -> list[Ticket]:
        return await self._scan(_ORPHANED, self._clock.now(), limit)

    async def dead_tickets(self, *, cursor: str | None = None, limit: int = 50) -> TicketPage:
        before = (_FOR_EVER, "") if cursor is None else decode_cursor(cursor, tuple[float, str])
        found = await self._scan(_DEAD, *before, limit + 1)
        items = tuple(found[:limit])
        more = encode_cursor((items[-1].finished_at, items[-1].id)) if len(found) > limit else None
        return TicketPage(items=items, next=more)

    async def _scan(self, sql: str, *parameters: object) -> list[Ticket]:
        return await self._database.scan(lambda connection: TICKETS.all(connection, sql, parameters))
