"""Who may enter the queue."""

from tests.unit.test_core_ticket import ticket
from tokenline.contracts.tickets import HoldReason, TicketState
from tokenline.core.fairness import hold_reason, next_reasons


def test_the_reasons_in_their_order() -> None:
    def ask(**facts: object) -> HoldReason | None:
        defaults = {"conversation_busy": False, "in_queue": 0, "user_limit": 2, "indexing": False}
        return hold_reason(**(defaults | facts))  # type: ignore[arg-type]

    assert ask() is None
    assert ask(in_queue=2) is HoldReason.USER_LIMIT
    assert ask(in_queue=2, indexing=True) is HoldReason.INDEXING
    assert ask(in_queue=2, indexing=True, conversation_busy=True) is HoldReason.EARLIER_MESSAGE


def test_release_keeps_the_conversation_in_order_and_counts_as_it_goes() -> None:
    live = [
        ticket(TicketState.STREAMING, id="t1", conversation_id="c1"),
        ticket(id="t2", conversation_id="c1"),
        ticket(id="t3", conversation_id="c2"),
        ticket(id="t4", conversation_id="c3"),
    ]
    assert next_reasons(live, user_limit=2, indexing=[]) == {
        "t2": HoldReason.EARLIER_MESSAGE,
        "t3": None,
        "t4": HoldReason.USER_LIMIT,
    }
    assert next_reasons(live[1:], user_limit=2, indexing=["t3"]) == {
        "t2": None,
        "t3": HoldReason.INDEXING,
        "t4": None,
    }
