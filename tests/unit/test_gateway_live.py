"""What a follower is told is the difference between the ticket and its cursor."""

import json
from typing import Literal

from msgspec.structs import replace

from services.gateway.live import FRAME_CHARACTERS, Cursor, Follower, LiveTicket, Place
from tests.unit.test_core_ledger import entry
from tests.unit.test_core_ticket import ticket
from tokenline.contracts import frames as f
from tokenline.contracts.chat import AnswerCall, Message, MessageStatus, SharedMessage
from tokenline.contracts.errors import ErrorInfo
from tokenline.contracts.replies import CallPiece
from tokenline.contracts.tickets import TicketState
from tokenline.contracts.tools import ToolDetail, ToolOutcome


def kinds(live: LiveTicket, cursor: Cursor) -> list[str]:
    return [
        json.loads(frame)["type"] if isinstance(frame, str) else str(frame.__struct_config__.tag)
        for frame in live.beyond(cursor)
    ]


def texts(live: LiveTicket, cursor: Cursor) -> list[tuple[int, int, str]]:
    found = [json.loads(frame) for frame in live.beyond(cursor) if isinstance(frame, str)]
    return [(frame["attempt"], frame["offset"], frame["text"]) for frame in found]


def answered(content: str) -> Message:
    return Message(
        id="r", conversation_id="c", owner_id="u", role="assistant", content=content,
        status=MessageStatus.COMPLETE, created_at=1.0,
    )  # fmt: skip


def test_a_waiting_ticket_tells_its_place_once_until_it_moves() -> None:
    live, cursor = LiveTicket(entry(1)), Cursor()
    live.place = Place(3)
    assert kinds(live, cursor) == ["queued"]
    assert kinds(live, cursor) == []
    live.place = Place(2)
    assert kinds(live, cursor) == ["position"]


def test_two_followers_at_their_own_speed_get_the_same_text() -> None:
    live, quick, slow = LiveTicket(entry(1, TicketState.STREAMING, attempt=1)), Cursor(), Cursor()
    live.grow(1, 0, "Hello ")
    assert texts(live, quick) == [(1, 0, "Hello ")]
    live.grow(1, 6, "world")
    assert texts(live, quick) == [(1, 6, "world")]
    assert texts(live, slow) == [(1, 0, "Hello world")]


def test_text_that_overtakes_its_claim_starts_the_answer() -> None:
    live, cursor = LiveTicket(entry(1)), Cursor()
    assert kinds(live, cursor) == ["queued"]
    live.grow(1, 0, "early")
    assert kinds(live, cursor) == ["processing", "delta"]


def test_a_new_attempt_says_restarted_and_mixes_nothing() -> None:
    live, cursor = LiveTicket(entry(1, TicketState.STREAMING, attempt=1)), Cursor()
    live.grow(1, 0, "first try")
    assert kinds(live, cursor) == ["processing", "delta"]
    live.entry = entry(1, TicketState.PROCESSING, attempt=2, version=9)
    assert kinds(live, cursor) == ["restarted", "processing"]
    live.grow(1, 9, " late")
    assert kinds(live, cursor) == []
    live.grow(2, 0, "second")
    assert texts(live, cursor) == [(2, 0, "second")]


def test_text_of_an_attempt_that_is_over_is_kept_from_who_has_none_of_it() -> None:
    live, cursor = LiveTicket(entry(1)), Cursor()
    assert kinds(live, cursor) == ["queued"]
    live.entry = entry(1, TicketState.PROCESSING, attempt=2, version=9)
    live.grow(1, 0, "of a worker that was given up")
    assert kinds(live, cursor) == ["processing"]
    live.grow(2, 0, "second")
    assert texts(live, cursor) == [(2, 0, "second")]


def test_an_end_without_an_answer_brings_no_text_of_an_earlier_attempt() -> None:
    live = LiveTicket(entry(1, TicketState.STREAMING, attempt=1))
    live.grow(1, 0, "of the first attempt")
    live.end(ticket(TicketState.ERROR, attempt=2, error=ErrorInfo(code="x", message="")), None)
    assert kinds(live, Cursor()) == ["error"]


def test_resume_continues_where_the_client_is() -> None:
    live = LiveTicket(entry(1, TicketState.STREAMING, attempt=1))
    live.grow(1, 0, "0123456789")
    assert texts(live, Cursor(attempt=1, offset=4)) == [(1, 4, "456789")]


def test_resume_from_an_older_attempt_restarts() -> None:
    live = LiveTicket(entry(1, TicketState.STREAMING, attempt=2))
    live.grow(2, 0, "again")
    assert kinds(live, Cursor(attempt=1, offset=4)) == ["restarted", "processing", "delta"]


def test_the_end_brings_the_rest_and_then_the_terminal_frame_once() -> None:
    live, cursor = LiveTicket(entry(1, TicketState.STREAMING, attempt=1)), Cursor()
    live.grow(1, 0, "half ")
    assert kinds(live, cursor) == ["processing", "delta"]
    live.end(ticket(TicketState.COMPLETE, attempt=1), answered("half and half"))
    frames = list(live.beyond(cursor))
    assert json.loads(frames[0]) == {  # type: ignore[arg-type]
        "type": "delta", "ticket_id": "t1", "attempt": 1, "offset": 5, "text": "and half",
    }  # fmt: skip
    assert isinstance(frames[1], f.Complete)
    # An instance of a subclass would be encoded with all of its fields.
    assert type(frames[1].message) is SharedMessage
    assert frames[1].length == 13
    assert kinds(live, cursor) == []


def test_more_than_the_answer_has_is_answered_with_a_snapshot() -> None:
    live = LiveTicket(entry(1, TicketState.COMPLETE, attempt=1))
    live.end(ticket(TicketState.COMPLETE, attempt=1), answered("short"))
    frames = list(live.beyond(Cursor(attempt=1, offset=50)))
    assert isinstance(frames[0], f.Snapshot)
    assert (frames[0].text, frames[0].recovered) == ("short", False)


def test_a_failed_ticket_offers_a_retry() -> None:
    live = LiveTicket(entry(1))
    live.end(ticket(TicketState.ERROR, error=ErrorInfo(code="queue_timeout", message="Too late.")), None)
    [frame] = list(live.beyond(Cursor()))
    assert isinstance(frame, f.Error)
    assert frame.retry


def test_who_is_ahead_for_long_is_told_what_there_is() -> None:
    """For a moment it may be so: another gateway was told earlier. After that it is stated, never skipped (F41)."""
    live = LiveTicket(entry(1, TicketState.STREAMING, attempt=1))
    live.grow(1, 0, "01234")
    woken: list[Follower] = []
    follower = Follower("t1", woken.append, Cursor(attempt=1, offset=7, told=1))
    live.followers.add(follower)
    live.look_for_lost()
    assert kinds(live, follower.cursor) == []
    live.grow(1, 5, "56789")
    live.look_for_lost()
    assert texts(live, follower.cursor) == [(1, 7, "789")]
    assert woken == []

    follower.cursor.offset = 99
    live.look_for_lost()
    assert kinds(live, follower.cursor) == []
    live.look_for_lost()
    assert woken == [follower]
    [frame] = list(live.beyond(follower.cursor))
    assert isinstance(frame, f.Snapshot)
    assert (frame.text, frame.recovered) == ("0123456789", False)
    live.grow(1, 10, "!")
    assert texts(live, follower.cursor) == [(1, 10, "!")]


def test_text_that_no_answer_kept_is_taken_back() -> None:
    """Of an attempt that was given up, or of a worker that died with it."""
    live = LiveTicket(entry(1, TicketState.ERROR, attempt=2))
    live.end(ticket(TicketState.ERROR, attempt=2, error=ErrorInfo(code="x", message="")), None)
    assert kinds(live, Cursor(attempt=1, offset=5)) == ["restarted", "error"]
    [frame, _] = list(live.beyond(Cursor(attempt=2, offset=5)))
    assert isinstance(frame, f.Snapshot)
    assert (frame.text, frame.recovered) == ("", False)


def test_a_long_text_comes_in_frames_that_clients_take() -> None:
    live, text = LiveTicket(entry(1, TicketState.COMPLETE, attempt=1)), "0123456789" * 20_000
    live.end(ticket(TicketState.COMPLETE, attempt=1), answered(text))
    pieces = texts(live, Cursor(attempt=1, offset=5))
    assert "".join(piece for _, _, piece in pieces) == text[5:]
    assert max(len(piece) for _, _, piece in pieces) == FRAME_CHARACTERS
    frames = list(live.beyond(Cursor(attempt=1, offset=10**6)))
    assert isinstance(frames[0], f.Snapshot)
    assert frames[0].text + "".join(json.loads(frame)["text"] for frame in frames if isinstance(frame, str)) == text


def pieces(live: LiveTicket, cursor: Cursor) -> list[str]:
    return [
        "restarted" if isinstance(piece, f.Restarted) else piece.call_id + piece.arguments
        for piece in live.calls_beyond(cursor)
    ]


def test_calls_are_told_as_they_grow_and_completed_by_the_end() -> None:
    live, cursor, late = LiveTicket(entry(1, TicketState.STREAMING, attempt=1)), Cursor(), Cursor()
    assert live.call(1, 0, [CallPiece(0, "a", "f", "")])
    assert pieces(live, cursor) == ["a"]
    assert not live.call(1, 2, [CallPiece(0, "", "", "lost one before")])
    assert pieces(live, cursor) == []
    call = AnswerCall(id="a", name="f", arguments="{}")
    live.end(ticket(TicketState.COMPLETE, attempt=1), replace(answered(""), tool_calls=(call,)))
    assert pieces(live, cursor) == ["a{}"]
    assert pieces(live, late) == ["a", "a{}"]
    assert pieces(live, late) == []


def test_calls_that_were_carried_out_here_are_none_for_the_one_who_asked() -> None:
    live, cursor = LiveTicket(entry(1, TicketState.STREAMING, attempt=1)), Cursor()
    done = ToolOutcome(status="completed", summary="12:00", duration_s=0.1)
    made = AnswerCall(id="a", name="clock", arguments="{}", outcome=done)
    to_make = AnswerCall(id="b", name="f", arguments="{}")
    live.end(ticket(TicketState.COMPLETE, attempt=1), replace(answered(""), tool_calls=(made, to_make)))
    assert pieces(live, cursor) == ["b{}"]


def test_calls_of_two_attempts_are_not_mixed() -> None:
    live, cursor = LiveTicket(entry(1, TicketState.STREAMING, attempt=1)), Cursor()
    live.call(1, 0, [CallPiece(0, "a", "f", "")])
    assert pieces(live, cursor) == ["a"]
    live.entry = entry(1, TicketState.PROCESSING, attempt=2, version=9)
    assert pieces(live, cursor) == []
    assert pieces(live, Cursor()) == [], "of an attempt that is over"
    live.call(2, 0, [CallPiece(0, "b", "f", "")])
    live.call(1, 1, [CallPiece(0, "", "", "late")])
    assert pieces(live, cursor) == ["restarted", "b"]


def test_text_gives_way_to_an_answer_of_calls_alone() -> None:
    live, cursor = LiveTicket(entry(1, TicketState.STREAMING, attempt=1)), Cursor()
    live.grow(1, 0, "first try")
    assert kinds(live, cursor) == ["processing", "delta"]
    call = AnswerCall(id="a", name="f", arguments="{}")
    live.end(ticket(TicketState.COMPLETE, attempt=2), replace(answered(""), tool_calls=(call,)))
    assert kinds(live, cursor) == ["restarted", "complete"]


def step(
    index: int, attempt: int = 1, status: Literal["started", "completed", "failed"] = "started"
) -> f.ToolCallFrame:
    return f.ToolCallFrame(
        ticket_id="t1",
        attempt=attempt,
        call_id=f"{attempt}.{index // 2}",
        name="clock",
        status=status,
        detail=ToolDetail(arguments="{}"),
    )


def used(live: LiveTicket, cursor: Cursor) -> list[str]:
    return [frame.call_id for frame in live.beyond(cursor) if isinstance(frame, f.ToolCallFrame)]


def test_steps_of_tools_come_once_each_and_again_to_whoever_comes_back() -> None:
    live, cursor = LiveTicket(entry(1, TicketState.PROCESSING, attempt=1)), Cursor()
    assert live.use(0, step(0))
    assert used(live, cursor) == ["1.0"]
    assert live.use(0, step(0)), "told again to a gateway that asked for all"
    assert not live.use(2, step(2)), "one before it is missing"
    assert live.use(1, step(1, status="completed"))
    live.grow(1, 0, "so far")
    assert live.fresh(cursor) is None, "there is more to tell than text"
    assert used(live, cursor) == ["1.0"]
    assert used(live, Cursor(attempt=1, offset=6)) == ["1.0", "1.0"]


def test_steps_of_an_attempt_that_is_over_are_told_to_nobody() -> None:
    live, cursor = LiveTicket(entry(1, TicketState.PROCESSING, attempt=1)), Cursor()
    live.use(0, step(0))
    live.use(1, step(1))
    assert used(live, cursor) == ["1.0", "1.0"]
    live.entry = entry(1, TicketState.PROCESSING, attempt=2, version=9)
    late = Cursor()
    assert (used(live, cursor), used(live, late)) == ([], [])
    live.use(0, step(0, attempt=2))
    assert (used(live, cursor), used(live, late)) == (["2.0"], ["2.0"])
    live.use(1, step(1, attempt=1))
    assert used(live, cursor) == []
