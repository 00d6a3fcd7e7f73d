"""What administrators do to the line. Every action goes through the diary; doing one twice has one effect."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from services.admin_dashboard.board import BoardModel
from services.admin_dashboard.dead_letters import DeadLetters
from services.admin_dashboard.diary import Diary
from services.admin_dashboard.levels import back_level, front_level
from services.admin_dashboard.names import Names
from tokenline.contracts.admin import ActionAnswer, AuditAction, Outcome, TicketNow
from tokenline.contracts.base import pack
from tokenline.contracts.control import TO_ALL_WORKERS, DrainWorker, PausePool, to_worker
from tokenline.contracts.errors import BrokerUnavailable, NotFound, TooLate
from tokenline.contracts.events import LineEntry, PoolPaused, TicketChanged
from tokenline.contracts.ids import Pool, TicketId, WorkerId
from tokenline.contracts.tickets import Ticket
from tokenline.contracts.topology import CONTROL
from tokenline.core import ticket as moves
from tokenline.core.ledger import PoolLine
from tokenline.core.ports.broker import Broker
from tokenline.core.ports.store import Store
from tokenline.runtime.auth.principal import Principal
from tokenline.runtime.ledger_feed import LedgerFeed
from tokenline.runtime.line import Line

Level = Callable[[PoolLine, LineEntry], int]
TicketEffect = Callable[[Ticket], Awaitable[ActionAnswer]]


class Actions:
    """Every verb raises `StoreUnavailable` before it does anything, and `NotFound` for what nobody knows."""

    def __init__(
        self,
        store: Store,
        broker: Broker,
        line: Line,
        feed: LedgerFeed,
        board: BoardModel,
        dead_letters: DeadLetters,
        diary: Diary,
        names: Names,
    ) -> None:
        self._store = store
        self._broker = broker
        self._line = line
        self._feed = feed
        self._board = board
        self._dead_letters = dead_letters
        self._diary = diary
        self._names = names
        self._announcer = line.announcer

    # ── tickets ──────────────────────────────────────────────────────────────────────────────────────────────────────

    async def cancel(self, actor: Principal, ticket_id: TicketId) -> ActionAnswer:
        """A waiting ticket ends at once, a running one when its worker hears of it."""
        return await self._on_ticket(actor, AuditAction.CANCEL, ticket_id, self._cancel)

    async def bump(self, actor: Principal, ticket_id: TicketId, priority: int | None = None) -> ActionAnswer:
        """To the front of its pool, or up to a level. Raises `TooLate` once it no longer waits."""

        def level(line: PoolLine, entry: LineEntry) -> int:
            return front_level(line, entry) if priority is None else max(entry.priority, priority)

        effect = partial(self._to_level, level)
        return await self._on_ticket(actor, AuditAction.BUMP, ticket_id, effect, to_priority=priority)

    async def demote(self, actor: Principal, ticket_id: TicketId, priority: int | None = None) -> ActionAnswer:
        """To the back of its pool, or down to a level. Raises `TooLate` once it no longer waits."""

        def level(line: PoolLine, entry: LineEntry) -> int:
            return back_level(line, entry) if priority is None else min(entry.priority, priority)

        effect = partial(self._to_level, level)
        return await self._on_ticket(actor, AuditAction.DEMOTE, ticket_id, effect, to_priority=priority)

    async def move(self, actor: Principal, ticket_id: TicketId, pool: Pool) -> ActionAnswer:
        """Behind those of its level in another pool. Raises `TooLate` once it no longer waits."""
        return await self._on_ticket(actor, AuditAction.MOVE, ticket_id, partial(self._to_pool, pool), to_pool=pool)

    async def _cancel(self, ticket: Ticket) -> ActionAnswer:
        if ticket.state in moves.RUNNING and ticket.cancel_requested:
            return _answer(Outcome.UNCHANGED, ticket)
        stopped = await self._line.stop(ticket)
        if stopped is None:
            return _answer(Outcome.UNCHANGED, await self._read(ticket.id))
        self._take(stopped)
        return _answer(Outcome.DONE, stopped)

    async def _to_level(self, level: Level, ticket: Ticket) -> ActionAnswer:
        entry = self._standing(ticket)
        return await self._reposition(ticket, level(self._feed.ledger.pool(entry.pool), entry), entry.pool)

    async def _to_pool(self, pool: Pool, ticket: Ticket) -> ActionAnswer:
        if pool not in self._board.served():
            raise NotFound(f"There is no pool called {pool!r}.")
        return await self._reposition(ticket, self._standing(ticket).priority, pool)

    def _standing(self, ticket: Ticket) -> LineEntry:
        """Where it waits, by what is newer: the store as it was read, or the events heard since."""
        _check_waits(ticket)
        self._take(ticket)
        return self._feed.ledger.entries.get(ticket.id, moves.line_entry(ticket))

    async def _reposition(self, ticket: Ticket, priority: int, pool: Pool) -> ActionAnswer:
        if (priority, pool) == (ticket.priority, ticket.pool):
            return _answer(Outcome.UNCHANGED, ticket)
        moved = await self._line.reposition(ticket, priority=priority, pool=pool)
        if moved is None:
            # Somebody else was faster: a worker took it, or it is there.
            current = await self._read(ticket.id)
            _check_waits(current)
            return _answer(Outcome.UNCHANGED, current)
        self._take(moved)
        return _answer(Outcome.DONE, moved)

    # ── dead letters ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def retry(self, actor: Principal, ticket_id: TicketId) -> ActionAnswer:
        """Ask its question again. Raises `NotFound` unless it is a dead letter, and what refuses any question."""
        return await self._on_ticket(actor, AuditAction.RETRY, ticket_id, self._retry)

    async def discard(self, actor: Principal, ticket_id: TicketId) -> ActionAnswer:
        """Let it go. Raises `NotFound` unless it is a dead letter."""
        return await self._on_ticket(actor, AuditAction.DISCARD, ticket_id, self._discard)

    async def _retry(self, dead: Ticket) -> ActionAnswer:
        again, fresh = await self._dead_letters.retry(dead)
        if not fresh:
            return _answer(Outcome.UNCHANGED, again)
        self._take(again)
        return _answer(Outcome.DONE, again)

    async def _discard(self, dead: Ticket) -> ActionAnswer:
        await self._dead_letters.discard(dead)
        return _answer(Outcome.DONE, dead)

    # ── pools and workers ────────────────────────────────────────────────────────────────────────────────────────────

    async def pause(self, actor: Principal, pool: Pool) -> ActionAnswer:
        """Start none of its tickets any more; what runs goes on."""
        return await self._diary.record(actor, AuditAction.PAUSE, pool, partial(self._pause, pool, paused=True))

    async def resume(self, actor: Principal, pool: Pool) -> ActionAnswer:
        return await self._diary.record(actor, AuditAction.RESUME, pool, partial(self._pause, pool, paused=False))

    async def drain(self, actor: Principal, worker_id: WorkerId) -> ActionAnswer:
        """Have a worker take no more tickets until its process ends. Raises `BrokerUnavailable`."""
        return await self._diary.record(actor, AuditAction.DRAIN, worker_id, partial(self._drain, worker_id))

    async def _pause(self, pool: Pool, *, paused: bool) -> ActionAnswer:
        if pool not in self._board.pools() and pool not in self._feed.ledger.paused:
            raise NotFound(f"There is no pool called {pool!r}.")
        changed = await self._store.pause_pool(pool, paused=paused)
        # Told also when it was so already: whoever wrote it may have died before telling.
        event = PoolPaused(pool=pool, paused=paused)
        self._feed.take(event)
        self._announcer.announce(event)
        await self._broker.tell(CONTROL.name, TO_ALL_WORKERS, pack(PausePool(pool=pool, paused=paused)))
        return ActionAnswer(outcome=Outcome.DONE if changed else Outcome.UNCHANGED)

    async def _drain(self, worker_id: WorkerId) -> ActionAnswer:
        worker = self._feed.ledger.workers.get(worker_id)
        if worker is None:
            raise NotFound("There is no such worker.")
        if worker.draining and worker.pool not in self._feed.ledger.paused:
            return ActionAnswer(outcome=Outcome.UNCHANGED)
        if not await self._broker.tell(CONTROL.name, to_worker(worker_id), pack(DrainWorker(worker_id=worker_id))):
            raise BrokerUnavailable("The message broker cannot be reached, so the worker was not told.")
        return ActionAnswer(outcome=Outcome.DONE)

    # ── what all need ────────────────────────────────────────────────────────────────────────────────────────────────

    async def _on_ticket(
        self, actor: Principal, action: AuditAction, ticket_id: TicketId, effect: TicketEffect, **asked: Any
    ) -> ActionAnswer:
        """Record whose ticket it is and where it stands, too."""
        ticket = await self._store.get_ticket(ticket_id)
        if ticket is None:
            return await self._diary.record(actor, action, ticket_id, _missing, **asked)
        await self._names.load([ticket.owner_id])
        return await self._diary.record(
            actor,
            action,
            ticket_id,
            partial(effect, ticket),
            user=self._names.of(ticket.owner_id),
            pool=ticket.pool,
            priority=ticket.priority,
            **asked,
        )

    async def _read(self, ticket_id: TicketId) -> Ticket:
        ticket = await self._store.get_ticket(ticket_id)
        if ticket is None:
            raise NotFound
        return ticket

    def _take(self, ticket: Ticket) -> None:
        """Into our own ledger at once, so that the next action stands on what this one did."""
        self._feed.take(TicketChanged(entry=moves.line_entry(ticket)))


async def _missing() -> ActionAnswer:
    raise NotFound("There is no such ticket.")


def _check_waits(ticket: Ticket) -> None:
    if ticket.state not in moves.WAITING:
        raise TooLate(state=ticket.state)


def _answer(outcome: Outcome, ticket: Ticket) -> ActionAnswer:
    now = TicketNow(id=ticket.id, state=ticket.state, pool=ticket.pool, priority=ticket.priority)
    return ActionAnswer(outcome=outcome, ticket=now)
