"""The life of a ticket: which moves are legal, and what each changes.

``held → queued → processing → streaming → complete``, for another attempt back to ``queued`` (or first, for a pause, to
``held``), and ``cancelled`` or ``error`` from every live state. Every function takes the ticket as read and returns the
ticket to write under compare-and-set on ``version``; an illegal move raises `IllegalMove`.
"""

from enum import Enum

from msgspec.structs import replace

from tokenline.contracts.errors import ErrorInfo
from tokenline.contracts.events import LineEntry
from tokenline.contracts.ids import Incarnation, Pool, ReplyKey, WorkerId
from tokenline.contracts.tickets import HoldReason, Ticket, TicketState, Usage
from tokenline.contracts.topology import RESUME_PRIORITY

S = TicketState

TERMINAL = frozenset({S.COMPLETE, S.CANCELLED, S.ERROR})
RUNNING = frozenset({S.PROCESSING, S.STREAMING})
LIVE = frozenset(S) - TERMINAL
WAITING = LIVE - RUNNING

RESUME_WITHIN_S = 600.0
"""What another attempt has left, at least, before its deadline: it has waited its turn already."""

MOVES: dict[TicketState, frozenset[TicketState]] = {
    S.HELD: frozenset({S.HELD, S.QUEUED, S.CANCELLED, S.ERROR}),
    S.QUEUED: frozenset({S.QUEUED, S.PROCESSING, S.CANCELLED, S.ERROR}),
    S.PROCESSING: frozenset({S.PROCESSING, S.STREAMING, S.COMPLETE, S.QUEUED, S.HELD, S.CANCELLED, S.ERROR}),
    S.STREAMING: frozenset({S.PROCESSING, S.COMPLETE, S.QUEUED, S.HELD, S.CANCELLED, S.ERROR}),
    S.COMPLETE: frozenset(),
    S.CANCELLED: frozenset(),
    S.ERROR: frozenset(),
}


class IllegalMove(Exception):
    """The ticket is not in a state from which this can happen; whoever asked has an old picture of it."""

    def __init__(self, ticket: Ticket, to: TicketState) -> None:
        super().__init__(f"ticket {ticket.id} cannot go from {ticket.state} to {to}")
        self.ticket = ticket


def _move(ticket: Ticket, to: TicketState, **changes: object) -> Ticket:
    if to not in MOVES[ticket.state]:
        raise IllegalMove(ticket, to)
    return replace(ticket, state=to, version=ticket.version + 1, **changes)


def hold(ticket: Ticket, reason: HoldReason) -> Ticket:
    return _move(ticket, S.HELD, hold_reason=reason)


def queue(ticket: Ticket, *, seq: int, now: float) -> Ticket:
    """Release into the line, to be published next."""
    return _move(
        ticket,
        S.QUEUED,
        hold_reason=None,
        seq=seq,
        queued_at=now,
        level_at=now,
        publish_no=ticket.publish_no + 1,
    )


class Claim(Enum):
    """What a worker does with an offer."""

    RUN = "run"
    """Nobody has it: claim and run."""
    STEAL = "steal"
    """Its holder lost the delivery: claim it away as the next attempt."""
    ADOPT = "adopt"
    """This very process runs it and its delivery came back: go on, acknowledge the new delivery."""
    OVERDUE = "overdue"
    """Its deadline has passed: end it, never run it."""
    FINISHED = "finished"
    """It has ended: say so again and acknowledge."""
    DROP = "drop"
    """A void offer: acknowledge and forget."""


def judge_offer(ticket: Ticket | None, *, publish_no: int, redelivered: bool, running_here: bool, now: float) -> Claim:
    """Decide on an offer. A publication newer than the one the store knows cannot exist, an older one is void."""
    if ticket is None:
        return Claim.DROP
    if ticket.state in TERMINAL:
        return Claim.FINISHED
    if publish_no != ticket.publish_no:
        return Claim.DROP
    if ticket.state is S.QUEUED:
        return Claim.OVERDUE if overdue(ticket, now) else Claim.RUN
    if ticket.state in RUNNING:
        if running_here:
            # A second publication is not the lost delivery: adopting it would leave the first in hand for ever.
            return Claim.ADOPT if redelivered else Claim.DROP
        return Claim.STEAL if redelivered else Claim.DROP
    return Claim.DROP


def claim(ticket: Ticket, *, worker: WorkerId, incarnation: Incarnation, now: float) -> Ticket:
    """Take it: the next attempt belongs to this worker."""
    return _move(
        ticket,
        S.PROCESSING,
        attempt=ticket.attempt + 1,
        # Whoever still held it has lost it.
        lost=ticket.lost + (ticket.state in RUNNING),
        worker_id=worker,
        incarnation=incarnation,
        started_at=now,
        first_token_at=None,
    )


def spent(ticket: Ticket) -> int:
    """Attempts used up, with the one under way; what a stopping worker handed back is not."""
    return ticket.failed + ticket.lost + (ticket.state in RUNNING)


def begin_streaming(ticket: Ticket, *, now: float) -> Ticket:
    return _move(ticket, S.STREAMING, first_token_at=now)


def begun(ticket: Ticket, *, at: float | None) -> Ticket:
    """For a move that ends it before anybody wrote down that it streams: with the time of its first token. Not a move,
    and nothing to write by itself."""
    return ticket if ticket.first_token_at is not None else replace(ticket, first_token_at=at)


def complete(ticket: Ticket, *, usage: Usage, now: float) -> Ticket:
    return _move(ticket, S.COMPLETE, usage=usage, finished_at=now, worker_id=ticket.worker_id)


def cancel(ticket: Ticket, *, now: float, usage: Usage | None = None) -> Ticket:
    return _move(ticket, S.CANCELLED, finished_at=now, usage=usage, hold_reason=None, due_at=None)


def fail(ticket: Ticket, error: ErrorInfo, *, now: float, dead: bool = False) -> Ticket:
    """``dead`` leaves a dead letter for the administrator."""
    return _move(ticket, S.ERROR, error=error, finished_at=now, hold_reason=None, due_at=None, dead=dead)


def overdue(ticket: Ticket, now: float) -> bool:
    """Whether it has waited beyond its deadline."""
    return ticket.state in WAITING and ticket.deadline_at < now


def bury(ticket: Ticket) -> Ticket:
    """The dead letter was retried or discarded. Not a move."""
    return replace(ticket, dead=False, version=ticket.version + 1)


def touch(ticket: Ticket) -> Ticket:
    """Its question was edited while it waits. Not a move; raises `IllegalMove` once it runs."""
    if ticket.state not in WAITING:
        raise IllegalMove(ticket, ticket.state)
    return replace(ticket, version=ticket.version + 1)


def request_cancel(ticket: Ticket) -> Ticket:
    """A wish for the worker that runs it. Not a move."""
    return replace(ticket, cancel_requested=True, version=ticket.version + 1)


def follow(ticket: Ticket, gateway: ReplyKey) -> Ticket:
    """Send replies to this gateway too. Not a move."""
    return replace(ticket, reply_to=(*ticket.reply_to, gateway), version=ticket.version + 1)


def hand_back(ticket: Ticket, *, seq: int, now: float, lost: bool = False) -> Ticket:
    """Another attempt, ahead of all who never started: it has waited its turn already. ``lost``: its worker is."""
    return _move(
        ticket,
        S.QUEUED,
        priority=RESUME_PRIORITY,
        hold_reason=None,
        due_at=None,
        lost=ticket.lost + lost,
        seq=seq,
        queued_at=now,
        level_at=now,
        publish_no=ticket.publish_no + 1,
        deadline_at=max(ticket.deadline_at, now + RESUME_WITHIN_S),
        worker_id=None,
        incarnation=None,
    )


def pause(ticket: Ticket, *, due_at: float) -> Ticket:
    """This attempt failed; another one after a pause, which holds no slot. Then `hand_back`."""
    if ticket.state not in RUNNING:
        raise IllegalMove(ticket, S.HELD)
    return _move(
        ticket,
        S.HELD,
        hold_reason=HoldReason.RETRYING,
        due_at=due_at,
        failed=ticket.failed + 1,
        priority=RESUME_PRIORITY,
        deadline_at=max(ticket.deadline_at, due_at + RESUME_WITHIN_S),
        worker_id=None,
        incarnation=None,
    )


def reposition(ticket: Ticket, *, priority: int, seq: int, now: float, pool: Pool | None = None) -> Ticket:
    """To the back of another level or pool, as ageing and administrators do. A queued one is to be published again."""
    if ticket.state not in WAITING:
        raise IllegalMove(ticket, S.QUEUED)
    pool = pool or ticket.pool
    if ticket.state is S.HELD:
        return _move(ticket, S.HELD, priority=priority, pool=pool)
    return _move(
        ticket,
        S.QUEUED,
        priority=priority,
        pool=pool,
        seq=seq,
        level_at=now,
        publish_no=ticket.publish_no + 1,
    )


def line_entry(ticket: Ticket) -> LineEntry:
    """The part of a ticket that the line is made of."""
    return LineEntry(
        ticket_id=ticket.id,
        conversation_id=ticket.conversation_id,
        owner_id=ticket.owner_id,
        agent_id=ticket.agent_id,
        pool=ticket.pool,
        priority=ticket.priority,
        seq=ticket.seq,
        state=ticket.state,
        hold_reason=ticket.hold_reason,
        attempt=ticket.attempt,
        version=ticket.version,
        worker_id=ticket.worker_id,
        created_at=ticket.created_at,
        queued_at=ticket.queued_at,
        started_at=ticket.started_at,
        first_token_at=ticket.first_token_at,
        finished_at=ticket.finished_at,
    )
