"""Counts the waiting tickets in store, broker and ledger, side by side (D4)."""

from collections import Counter

from services.admin_dashboard.board import BoardModel
from services.admin_dashboard.depths import depth_of
from tokenline.contracts.admin import TruthPage, TruthRow
from tokenline.contracts.ids import Pool
from tokenline.contracts.tickets import TicketState
from tokenline.contracts.topology import ticket_queue
from tokenline.core.ledger import Ledger
from tokenline.core.ports.broker import Broker
from tokenline.core.ports.store import TicketStore


class TruthCheck:
    def __init__(self, store: TicketStore, broker: Broker, ledger: Ledger, board: BoardModel) -> None:
        self._store = store
        self._broker = broker
        self._ledger = ledger
        self._board = board

    async def look(self) -> TruthPage:
        """Reads every live ticket. Raises `StoreUnavailable`."""
        tickets = await self._store.live_tickets()
        stored = Counter(ticket.pool for ticket in tickets if ticket.state is TicketState.QUEUED)
        pools = sorted({*self._board.pools(), *stored})
        return TruthPage(items=tuple([await self._row(pool, stored[pool]) for pool in pools]))

    async def _row(self, pool: Pool, stored: int) -> TruthRow:
        ready = await depth_of(self._broker, ticket_queue(pool))
        waiting = self._ledger.pool(pool).waiting
        if ready is None:
            return TruthRow(pool=pool, store=stored, broker=None, ledger=waiting, void=None, drift=None)
        most = max(stored, waiting)
        drift = max(most - min(stored, waiting), most - ready)
        return TruthRow(pool=pool, store=stored, broker=ready, ledger=waiting, void=max(0, ready - most), drift=drift)
