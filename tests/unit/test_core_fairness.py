"""Who may enter the queue."""

from hypothesis import given
from hypothesis import strategies as st

from tokenline.contracts.tickets import HoldReason, TicketState
from tokenline.core.fairness import Standing, hold_reason, judge_held

HELD, QUEUED, STREAMING = TicketState.HELD, TicketState.QUEUED, TicketState.STREAMING


def standing(seq: int, conversation: str, state: TicketState = HELD, **fields: object) -> Standing:
    reason = HoldReason.INDEXING if state is HELD else None
    values = {"id": f"t{seq}", "conversation_id": conversation, "state": state, "hold_reason": reason, "seq": seq}
    return Standing(**(values | {"files": ()} | fields))  # type: ignore[arg-type]


def never(_: Standing) -> bool:
    return False


def test_the_reasons_in_their_order() -> None:
    def ask(**facts: object) -> HoldReason | None:
        defaults = {"conversation_busy": False, "ahead": 0, "user_limit": 2, "indexing": False}
        return hold_reason(**(defaults | facts))  # type: ignore[arg-type]

    assert ask() is None
    assert ask(ahead=2) is HoldReason.USER_LIMIT
    assert ask(ahead=2, indexing=True) is HoldReason.INDEXING
    assert ask(ahead=2, indexing=True, conversation_busy=True) is HoldReason.EARLIER_MESSAGE


def test_release_keeps_the_conversation_in_order_and_counts_as_it_goes() -> None:
    live = [
        standing(1, "c1", STREAMING),
        standing(2, "c1", hold_reason=HoldReason.EARLIER_MESSAGE),
        standing(3, "c2", hold_reason=HoldReason.USER_LIMIT),
        standing(4, "c3", hold_reason=HoldReason.USER_LIMIT),
    ]
    assert judge_held(live, user_limit=2, indexing=never) == {"t3": None}
    assert judge_held(live[1:], user_limit=1, indexing=never) == {"t2": None}


def test_who_waits_for_a_file_lets_others_by() -> None:
    held = HoldReason.USER_LIMIT
    live = [standing(1, "c1", files=("f",), hold_reason=held), standing(2, "c2", hold_reason=held)]
    assert judge_held(live, user_limit=1, indexing=lambda held: held.files == ("f",)) == {
        "t1": HoldReason.INDEXING,
        "t2": None,
    }


def test_the_order_is_that_of_acceptance_whatever_the_clocks_say() -> None:
    held = [standing(seq, f"c{seq}", hold_reason=HoldReason.USER_LIMIT) for seq in (9, 2, 5)]
    assert judge_held(held, user_limit=1, indexing=never) == {"t2": None}


def test_a_pausing_ticket_counts_and_stays() -> None:
    live = [standing(1, "c1", hold_reason=HoldReason.RETRYING), standing(2, "c2", hold_reason=HoldReason.USER_LIMIT)]
    assert judge_held(live, user_limit=1, indexing=never) == {}


STANDINGS = st.lists(
    st.tuples(st.sampled_from([HELD, HELD, QUEUED, STREAMING]), st.sampled_from("abc"), st.booleans()), max_size=12
)


@given(STANDINGS, st.integers(1, 4))
def test_no_limit_is_passed_and_nobody_overtakes(drawn: list[tuple[TicketState, str, bool]], limit: int) -> None:
    live = [standing(n, conversation, state) for n, (state, conversation, _) in enumerate(drawn)]
    verdicts = judge_held(live, user_limit=limit, indexing=never)
    released = [ticket for ticket, reason in verdicts.items() if reason is None]
    admitted = [s for s in live if s.admitted or s.id in released]
    assert len(admitted) <= max(limit, sum(s.admitted for s in live))
    for conversation in "abc":
        mine = [s for s in admitted if s.conversation_id == conversation]
        assert len(mine) <= max(1, sum(s.admitted for s in live if s.conversation_id == conversation))
    # First come first among those that only the limit holds.
    waiting = [s for s in live if not s.admitted]
    firsts = [s for n, s in enumerate(waiting) if s.conversation_id not in {e.conversation_id for e in waiting[:n]}]
    free = [s.id for s in firsts if s.conversation_id not in {e.conversation_id for e in live if e.admitted}]
    assert released == free[: len(released)]
