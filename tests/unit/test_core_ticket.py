"""The life of a ticket: every legal move, and no other."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenline.contracts.tickets import HoldReason, Ticket, TicketState, Usage
from tokenline.contracts.topology import RESUME_PRIORITY
from tokenline.core import ticket as moves
from tokenline.core.ticket import Claim, judge_offer


def ticket(state: TicketState = TicketState.HELD, **fields: object) -> Ticket:
    values: dict[str, Any] = {
        "id": "t", "conversation_id": "c", "owner_id": "u", "agent_id": "a", "pool": "default", "question_id": "q",
        "answer_id": "r", "priority": 4, "created_at": 100.0, "deadline_at": 200.0, "state": state,
    } | fields  # fmt: skip
    return Ticket(**values)


def test_a_ticket_goes_through_its_life() -> None:
    waiting = moves.queue(ticket(), seq=7, now=101)
    assert (waiting.seq, waiting.publish_no, waiting.level_at) == (7, 1, 101)
    running = moves.claim(waiting, worker="w", incarnation="i", now=102)
    assert (running.attempt, running.worker_id, running.started_at) == (1, "w", 102)
    streaming = moves.begin_streaming(running, now=103)
    done = moves.complete(streaming, usage=Usage(), now=104)
    assert done.state is TicketState.COMPLETE
    assert [waiting.version, running.version, streaming.version, done.version] == [1, 2, 3, 4]


@pytest.mark.parametrize("state", sorted(moves.TERMINAL))
def test_nothing_leaves_a_terminal_state(state: TicketState) -> None:
    over = ticket(state)
    for move in (
        lambda: moves.queue(over, seq=1, now=1),
        lambda: moves.claim(over, worker="w", incarnation="i", now=1),
        lambda: moves.cancel(over, now=1),
        lambda: moves.hand_back(over, seq=1, now=1),
        lambda: moves.hold(over, HoldReason.USER_LIMIT),
    ):
        with pytest.raises(moves.IllegalMove):
            move()


def test_a_ticket_handed_back_goes_ahead_of_those_who_never_started() -> None:
    running = ticket(TicketState.STREAMING, attempt=1, publish_no=1, worker_id="w", incarnation="i")
    back = moves.hand_back(running, seq=9, now=5)
    assert (back.priority, back.publish_no, back.attempt, back.worker_id) == (RESUME_PRIORITY, 2, 1, None)


@pytest.mark.parametrize(
    ("state", "publish_no", "redelivered", "here", "verdict"),
    [
        (TicketState.QUEUED, 1, False, False, Claim.RUN),
        (TicketState.QUEUED, 1, True, False, Claim.RUN),
        (TicketState.QUEUED, 0, False, False, Claim.DROP),
        (TicketState.STREAMING, 1, True, False, Claim.STEAL),
        (TicketState.STREAMING, 1, False, False, Claim.DROP),
        (TicketState.PROCESSING, 1, True, True, Claim.ADOPT),
        (TicketState.STREAMING, 1, False, True, Claim.DROP),
        (TicketState.COMPLETE, 0, True, False, Claim.FINISHED),
        (TicketState.CANCELLED, 1, False, False, Claim.FINISHED),
        (TicketState.HELD, 1, False, False, Claim.DROP),
    ],
)
def test_an_offer_is_judged(state: TicketState, publish_no: int, redelivered: bool, here: bool, verdict: Claim) -> None:
    known = ticket(state, publish_no=1)
    judged = judge_offer(known, publish_no=publish_no, redelivered=redelivered, running_here=here, now=150)
    assert judged is verdict


def test_an_offer_is_void_after_the_deadline_unless_it_runs() -> None:
    for state, verdict in ((TicketState.QUEUED, Claim.OVERDUE), (TicketState.STREAMING, Claim.STEAL)):
        late = ticket(state, publish_no=1)
        assert judge_offer(late, publish_no=1, redelivered=True, running_here=False, now=201) is verdict


def test_another_attempt_gets_time_for_itself() -> None:
    running = ticket(TicketState.PROCESSING, attempt=1)
    assert moves.hand_back(running, seq=1, now=199).deadline_at == 199 + moves.RESUME_WITHIN_S
    assert moves.pause(running, due_at=250).deadline_at == 250 + moves.RESUME_WITHIN_S


def test_attempts_are_spent_by_failures_and_lost_workers_not_by_workers_that_stop() -> None:
    def claimed(waiting: Ticket) -> Ticket:
        return moves.claim(waiting, worker="w", incarnation="i", now=1)

    first = claimed(moves.queue(ticket(), seq=1, now=1))
    assert moves.spent(first) == 1
    stopped = moves.hand_back(first, seq=2, now=2)
    assert (stopped.attempt, moves.spent(stopped)) == (1, 0)
    orphaned = moves.hand_back(claimed(stopped), seq=3, now=3, lost=True)
    assert moves.spent(orphaned) == 1
    stolen = claimed(claimed(orphaned))
    assert (stolen.attempt, moves.spent(stolen)) == (4, 3)
    paused = moves.pause(stolen, due_at=5)
    assert moves.spent(moves.hand_back(paused, seq=4, now=5)) == 3


def test_a_pause_leads_to_another_attempt_or_to_the_end() -> None:
    paused = moves.pause(ticket(TicketState.STREAMING, attempt=1, worker_id="w", incarnation="i"), due_at=250)
    assert (paused.state, paused.hold_reason) == (TicketState.HELD, HoldReason.RETRYING)
    assert paused.priority == RESUME_PRIORITY
    back = moves.hand_back(paused, seq=3, now=251)
    assert (back.state, back.hold_reason, back.due_at, back.attempt) == (TicketState.QUEUED, None, None, 1)
    assert moves.cancel(paused, now=251).due_at is None
    with pytest.raises(moves.IllegalMove):
        moves.pause(ticket(TicketState.QUEUED), due_at=1)


def test_a_waiting_ticket_goes_to_the_back_of_another_level() -> None:
    queued = moves.queue(ticket(), seq=7, now=101)
    moved = moves.reposition(queued, priority=6, seq=8, now=102, pool="fast")
    assert (moved.priority, moved.pool, moved.seq, moved.publish_no, moved.level_at) == (6, "fast", 8, 2, 102)
    held = moves.reposition(ticket(), priority=6, seq=8, now=102)
    assert (held.state, held.priority, held.seq, held.publish_no) == (TicketState.HELD, 6, 0, 0)
    with pytest.raises(moves.IllegalMove):
        moves.reposition(ticket(TicketState.PROCESSING), priority=6, seq=8, now=102)


def test_an_offer_without_a_ticket_is_dropped() -> None:
    assert judge_offer(None, publish_no=1, redelivered=False, running_here=False, now=1) is Claim.DROP


@given(st.sampled_from(TicketState), st.sampled_from(TicketState))
def test_every_move_not_in_the_table_raises(start: TicketState, end: TicketState) -> None:
    if end in moves.MOVES[start]:
        return
    with pytest.raises(moves.IllegalMove):
        moves._move(ticket(start), end)
