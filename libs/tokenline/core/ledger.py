"""The line as everybody sees it: a snapshot plus events, from which positions are read.

Pure and single-threaded. Every gateway and the dashboard keep one; equal inputs give equal ledgers in any order,
because an entry replaces what is known only when its ``version`` is higher.
"""

from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from tokenline.contracts.events import LineEntry, WorkerSeen
from tokenline.contracts.ids import ConversationId, Pool, TicketId, UserId, WorkerId
from tokenline.contracts.tickets import TicketState
from tokenline.contracts.topology import RESUME_PRIORITY
from tokenline.core.eta import Forecast
from tokenline.core.lane import Lane
from tokenline.core.outlook import Outlook
from tokenline.core.slots import RunningTickets
from tokenline.core.ticket import LIVE, RUNNING

WORKER_GONE_AFTER_S = 6.0
_FORGET_ENDED_AFTER = 4096
_WHATEVER_VERSION = 2**62

LineKey = tuple[int, int, float, TicketId]

_SECTION = {TicketState.STREAMING: 0, TicketState.PROCESSING: 0, TicketState.QUEUED: 1, TicketState.HELD: 2}


def line_key(entry: LineEntry) -> LineKey:
    """Sorts live tickets: running, then waiting in order of dispatch, then held. Unique."""
    return (_SECTION[entry.state], -entry.priority, entry.seq or entry.created_at, entry.ticket_id)


class PoolLine:
    """One pool: a lane per priority, who is held, who runs, and the outlook."""

    def __init__(self) -> None:
        self.lanes = [Lane() for _ in range(RESUME_PRIORITY + 1)]
        self.waits: dict[int, TicketId] = {}
        """Who waits under which sequence number."""
        self.claimed = [0] * (RESUME_PRIORITY + 1)
        """Per priority, the highest sequence number that a worker took."""
        self.held = 0
        self.running = RunningTickets()
        self.outlook = Outlook()

    @property
    def waiting(self) -> int:
        return sum(map(len, self.lanes))

    def above(self, priority: int) -> int:
        """Waiting tickets of higher priority."""
        return sum(map(len, self.lanes[priority + 1 :]))

    def back(self, priority: int) -> int:
        """Tickets that will be dispatched before one that joins with this priority."""
        return sum(map(len, self.lanes[priority:]))

    def rank(self, priority: int, seq: int) -> int:
        """Tickets that will be dispatched before one with this priority and sequence number."""
        return self.above(priority) + self.lanes[priority].rank(seq)


class Ledger:
    def __init__(self) -> None:
        self.entries: dict[TicketId, LineEntry] = {}
        self.pools: dict[Pool, PoolLine] = {}
        self.workers: dict[WorkerId, WorkerSeen] = {}
        self.paused: frozenset[Pool] = frozenset()
        self._by_owner: dict[UserId, set[TicketId]] = {}
        self._ended: dict[TicketId, int] = {}

    # ── what happened ────────────────────────────────────────────────────────────────────────────────────────────────

    def apply(self, entry: LineEntry) -> bool:
        """Take in a ticket's new state; False when something newer is known already."""
        known = self.entries.get(entry.ticket_id)
        if known is not None and entry.version <= known.version:
            return False
        if entry.version <= self._ended.get(entry.ticket_id, -1):
            return False
        if known is not None:
            self._take_out(known)
            self._note_claim(known, entry)
        if entry.state in LIVE:
            self._put_in(entry)
        else:
            if known is not None:
                self._forget(known)
            self._remember_end(entry.ticket_id, entry.version)
        self.pool(entry.pool).outlook.note(known, entry)
        return True

    def see_worker(self, worker: WorkerSeen) -> None:
        """Take in a heartbeat."""
        known = self.workers.get(worker.worker_id)
        if known is None or worker.at >= known.at:
            self.workers[worker.worker_id] = worker

    def lose_worker(self, worker_id: WorkerId) -> None:
        self.workers.pop(worker_id, None)

    def lose_silent_workers(self, now: float) -> None:
        for worker in [w for w in self.workers.values() if now - w.at > WORKER_GONE_AFTER_S]:
            self.lose_worker(worker.worker_id)

    def versions(self) -> dict[TicketId, int]:
        """What is known of every live ticket; take it before a fresh read and give it to `reconcile`."""
        return {ticket_id: entry.version for ticket_id, entry in self.entries.items()}

    def reconcile(self, live: Iterable[LineEntry], known_before: Mapping[TicketId, int]) -> int:
        """Take in a fresh read of all live tickets; returns on how many the ledger was wrong.

        ``known_before`` is `versions` from before the read began: what is known here but missing there has ended,
        unless it was heard of while the read was under way.
        """
        fresh = {entry.ticket_id: entry for entry in live}
        drift = sum(self._differs(entry) for entry in fresh.values())
        for entry in fresh.values():
            self.apply(entry)
        for entry in list(self.entries.values()):
            if entry.ticket_id not in fresh and known_before.get(entry.ticket_id) == entry.version:
                self._take_out(entry)
                self._forget(entry)
                self.pool(entry.pool).outlook.forget(entry.ticket_id)
                self._remember_end(entry.ticket_id, _WHATEVER_VERSION)
                drift += 1
        return drift

    # ── what is so ───────────────────────────────────────────────────────────────────────────────────────────────────

    def pool(self, pool: Pool) -> PoolLine:
        if pool not in self.pools:
            self.pools[pool] = PoolLine()
        return self.pools[pool]

    def position(self, entry: LineEntry) -> int:
        """Queued tickets that will be dispatched before this one; for a held one, the rank it would get."""
        line = self.pool(entry.pool)
        if entry.state is TicketState.QUEUED:
            return line.rank(entry.priority, entry.seq)
        if entry.state is TicketState.HELD:
            return line.back(entry.priority)
        return 0

    def passed_over(self, pool: Pool) -> list[LineEntry]:
        """Tickets that still wait although a later one of their priority was taken: the broker may not have them."""
        line = self.pool(pool)
        return [
            self.entries[line.waits[seq]]
            for lane, claimed in zip(line.lanes, line.claimed, strict=True)
            for seq in lane.before(claimed)
        ]

    def of_owner(self, owner: UserId) -> list[LineEntry]:
        """The owner's live tickets, oldest first."""
        return sorted(
            (self.entries[ticket_id] for ticket_id in self._by_owner.get(owner, ())),
            key=lambda entry: (entry.created_at, entry.ticket_id),
        )

    def of_conversation(self, owner: UserId, conversation: ConversationId) -> list[LineEntry]:
        return [entry for entry in self.of_owner(owner) if entry.conversation_id == conversation]

    def forecast(self, pool: Pool, now: float) -> Forecast | None:
        """The pool's waits as of ``now`` or a moment before; ``None`` where nothing can be said."""
        if pool in self.paused:
            return None
        line = self.pool(pool)
        return line.outlook.forecast(now, line.running, self.workers_of(pool))

    def slots(self, pool: Pool) -> int:
        """Of the workers that take tickets."""
        return sum(worker.slots for worker in self.workers_of(pool) if not worker.draining)

    def workers_of(self, pool: Pool) -> list[WorkerSeen]:
        return [worker for worker in self.workers.values() if worker.pool == pool]

    def in_order(self, pool: Pool | None = None) -> Iterator[LineEntry]:
        """The line as the page shows it, by `line_key`; O(n log n)."""
        yield from sorted((entry for entry in self.entries.values() if pool in (None, entry.pool)), key=line_key)

    # ── keeping it ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _differs(self, fresh: LineEntry) -> bool:
        """Whether what is known says something else than this. A version alone, as a publication leaves, does not."""
        if fresh.version <= self._ended.get(fresh.ticket_id, -1):
            return False
        known = self.entries.get(fresh.ticket_id)
        return known is None or (known.version < fresh.version and replace(known, version=fresh.version) != fresh)

    def _put_in(self, entry: LineEntry) -> None:
        line = self.pool(entry.pool)
        if entry.state is TicketState.QUEUED:
            line.lanes[entry.priority].add(entry.seq)
            line.waits[entry.seq] = entry.ticket_id
        elif entry.state is TicketState.HELD:
            line.held += 1
        else:
            line.running.add(entry)
        if entry.ticket_id not in self.entries:
            self._by_owner.setdefault(entry.owner_id, set()).add(entry.ticket_id)
        self.entries[entry.ticket_id] = entry

    def _take_out(self, entry: LineEntry) -> None:
        """From its place; another follows, or `_forget`."""
        line = self.pool(entry.pool)
        if entry.state is TicketState.QUEUED:
            line.lanes[entry.priority].remove(entry.seq)
            del line.waits[entry.seq]
        elif entry.state is TicketState.HELD:
            line.held -= 1
        else:
            line.running.remove(entry)

    def _forget(self, entry: LineEntry) -> None:
        del self.entries[entry.ticket_id]
        owned = self._by_owner[entry.owner_id]
        owned.discard(entry.ticket_id)
        if not owned:
            del self._by_owner[entry.owner_id]

    def _note_claim(self, known: LineEntry, entry: LineEntry) -> None:
        if known.state is TicketState.QUEUED and entry.state in RUNNING:
            claimed = self.pool(known.pool).claimed
            claimed[known.priority] = max(claimed[known.priority], known.seq)

    def _remember_end(self, ticket_id: TicketId, version: int) -> None:
        """For a while, so that a late event does not bring it back."""
        self._ended[ticket_id] = version
        if len(self._ended) > _FORGET_ENDED_AFTER:
            del self._ended[next(iter(self._ended))]
