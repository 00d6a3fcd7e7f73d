"""The line for the page: slices of what was sorted once for everybody, filtered and given names."""

from services.admin_dashboard.moments import Moments
from services.admin_dashboard.names import Names
from services.admin_dashboard.snapshot import Row, Rows, Snapshot, after
from tokenline.contracts.admin import LineFrame, LineItem, LinePage, LineQuery
from tokenline.contracts.notes import BROKER_AWAY, NO_WORKER, PAUSED
from tokenline.contracts.tickets import TicketState
from tokenline.core.paging import decode_cursor, encode_cursor
from tokenline.core.ports.broker import Broker

FIRST_PAGE = 200
MAX_SELECTIONS = 32
"""Filtered lists kept with a snapshot; further ones are made anew for each request."""

Selection = tuple[str | None, str | None, TicketState | None]


class AdminLine:
    def __init__(self, moments: Moments, names: Names, broker: Broker) -> None:
        self._moments = moments
        self._names = names
        self._broker = broker
        self._selected_from: Snapshot | None = None
        self._selections: dict[Selection, Rows] = {}

    async def page(self, query: LineQuery) -> LinePage:
        """Raises `BadRequest` for a cursor that is not ours. The cursor is a place in the line, not a number of rows:
        tickets that leave or enter between two pages make none of the others appear twice or not at all."""
        key = None if query.cursor is None else decode_cursor(query.cursor, tuple[int, int, float, str])
        snapshot = self._moments.current().line
        rows = await self._select(snapshot, query)
        start = after(rows, key)
        chosen = rows[start : start + query.limit]
        more = start + query.limit < len(rows)
        return LinePage(items=await self._items(snapshot, chosen), next=encode_cursor(chosen[-1].key) if more else None)

    async def first_page(self, snapshot: Snapshot) -> LineFrame:
        items = await self._items(snapshot, snapshot.rows[:FIRST_PAGE])
        return LineFrame(at=snapshot.at, items=items, total=len(snapshot.rows))

    async def _select(self, snapshot: Snapshot, query: LineQuery) -> Rows:
        selection = (query.pool, query.user and query.user.lower(), query.state)
        if selection == (None, None, None):
            return snapshot.rows
        if self._selected_from is not snapshot:
            self._selected_from, self._selections = snapshot, {}
        kept = self._selections
        if selection not in kept:
            rows = await self._matching(snapshot.rows, *selection)
            if len(kept) >= MAX_SELECTIONS:
                return rows
            kept[selection] = rows
        return kept[selection]

    async def _matching(self, rows: Rows, pool: str | None, user: str | None, state: TicketState | None) -> Rows:
        found = [row for row in rows if pool in (None, row.entry.pool) and state in (None, row.entry.state)]
        if not user:
            return found
        owners = {row.entry.owner_id for row in found}
        await self._names.load(owners)
        wanted = {owner for owner in owners if owner == user or user in self._names.of(owner)}
        return [row for row in found if row.entry.owner_id in wanted]

    async def _items(self, snapshot: Snapshot, rows: Rows) -> tuple[LineItem, ...]:
        await self._names.load(row.entry.owner_id for row in rows)
        connected = self._broker.connected and not self._broker.blocked
        return tuple(self._item(snapshot, row, connected) for row in rows)

    def _item(self, snapshot: Snapshot, row: Row, connected: bool) -> LineItem:
        entry = row.entry
        return LineItem(
            ticket_id=entry.ticket_id,
            user=self._names.of(entry.owner_id),
            agent=entry.agent_id,
            pool=entry.pool,
            priority=entry.priority,
            state=entry.state,
            reason=_reason(snapshot, row, connected),
            position=row.position,
            age_s=snapshot.age_s(entry.created_at),
            eta=snapshot.eta(row),
            created_at=entry.created_at,
        )


def _reason(snapshot: Snapshot, row: Row, connected: bool) -> str | None:
    entry = row.entry
    if entry.state is TicketState.HELD:
        return entry.hold_reason
    if entry.state is not TicketState.QUEUED:
        return None
    if not connected:
        return BROKER_AWAY
    if entry.pool in snapshot.paused:
        return PAUSED
    return NO_WORKER if entry.pool not in snapshot.served else None
