"""Tool calls as they grow: whatever is repeated, lost or joined late, the calls of one attempt come out, once."""

from hypothesis import given
from hypothesis import strategies as st

from tokenline.contracts.chat import FunctionCall
from tokenline.contracts.replies import CallPiece
from tokenline.core.calls import CallLog
from tokenline.core.stream import Appended

CALLS = (FunctionCall(id="a", name="f", arguments='{"x": 1}'), FunctionCall(id="b", name="g", arguments="{}"))
PIECES = [
    CallPiece(0, "a", "f", ""),
    CallPiece(0, "", "", '{"x"'),
    CallPiece(0, "", "", ": 1}"),
    CallPiece(1, "b", "g", ""),
    CallPiece(1, "", "", "{}"),
]


def test_pieces_add_up() -> None:
    log = CallLog(1)
    assert log.append(1, 0, PIECES) is Appended.GREW
    assert log.calls() == CALLS


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=10))
def test_repeats_change_nothing_and_gaps_are_refused(spans: list[tuple[int, int]]) -> None:
    log = CallLog(1)
    for start, end in spans:
        known = len(log.pieces)
        told = log.append(1, start, PIECES[start:end])
        assert (told is Appended.GAP) == (start > known)
        assert log.pieces == PIECES[: len(log.pieces)]
        assert len(log.pieces) == (max(known, end) if start <= known and end >= start else known)


@given(st.integers(0, len(PIECES)))
def test_the_end_adds_what_is_missing(known: int) -> None:
    log = CallLog(1)
    log.append(1, 0, PIECES[:known])
    before = list(log.pieces)
    log.end(1, CALLS)
    assert log.calls() == CALLS
    assert log.pieces[:known] == before, "what followers have stays as it was"
    told = len(log.pieces)
    log.end(1, CALLS)
    assert len(log.pieces) == told


def test_a_newer_attempt_starts_over_and_an_older_one_is_void() -> None:
    log = CallLog(1)
    log.append(1, 0, PIECES)
    assert log.append(2, 0, PIECES[3:]) is Appended.GREW
    assert log.append(1, 5, PIECES) is Appended.REPEATED
    assert log.calls() == CALLS[1:]


def test_an_end_without_calls_leaves_none() -> None:
    log = CallLog(1)
    log.append(1, 0, PIECES[:2])
    log.end(1, ())
    assert log.calls() == ()
