"""One ticket as its caller sees it: each thing once, in order, never two attempts mixed, however often it is told."""

from hypothesis import given
from hypothesis import strategies as st

from tokenline.client.follow import Event, Follow
from tokenline.contracts import frames as f
from tokenline.contracts.chat import Message, MessageStatus
from tokenline.contracts.errors import ErrorInfo, QueueTimeout
from tokenline.contracts.tools import ToolDetail

T = "t"


def follow(attempt: int = 0, offset: int = 0) -> Follow:
    made = Follow(lambda: None, attempt, offset)
    made.ticket_id = T
    return made


def taken(one: Follow) -> list[Event]:
    events: list[Event] = []
    while (event := one.take()) is not None:
        events.append(event)
    return events


def message(content: str = "") -> Message:
    return Message(
        id="m", conversation_id="c", owner_id="u", role="assistant", content=content,
        status=MessageStatus.COMPLETE, created_at=0.0,
    )  # fmt: skip


def text(attempt: int, offset: int, piece: str) -> f.Text:
    return f.Text(ticket_id=T, attempt=attempt, offset=offset, text=piece)


def queued(position: int) -> f.Queued:
    return f.Queued(ticket_id=T, position=position, eta=None)


def moved(position: int) -> f.Position:
    return f.Position(ticket_id=T, position=position, eta=None)


def processing(attempt: int) -> f.Processing:
    return f.Processing(ticket_id=T, attempt=attempt)


def complete(attempt: int, length: int) -> f.Complete:
    return f.Complete(ticket_id=T, attempt=attempt, length=length, message=message())


def test_what_is_told_again_after_a_reconnect_is_not_news():
    one = follow()
    accepted = f.Accepted(ticket_id=T, conversation_id="c", client_message_id="x", message=message("?"), answer_id="a")
    for frame in (accepted, queued(3), accepted, queued(3), moved(3)):
        one.hear(frame)
    assert taken(one) == [accepted, queued(3)]
    one.hear(queued(3))
    assert taken(one) == []
    one.hear(queued(2))
    assert taken(one) == [moved(2)]
    running: list[f.ServerFrame] = [processing(1), text(1, 0, "ab"), processing(1), text(1, 0, "abc")]
    for told in running:
        one.hear(told)
    assert taken(one) == [processing(1), text(1, 0, "abc")]


def test_a_slow_caller_gets_the_last_place_and_one_piece():
    one = follow()
    for position in (9, 8, 7):
        one.hear(queued(position) if position == 9 else moved(position))
    assert taken(one) == [queued(7)]
    for position in (6, 5):
        one.hear(moved(position))
    one.hear(f.Held(ticket_id=T, reason="retrying", position=4))
    assert taken(one) == [f.Held(ticket_id=T, reason="retrying", position=4)]
    for offset, letter in enumerate("abcdef"):
        one.hear(text(1, offset, letter))
    assert taken(one) == [text(1, 0, "abcdef")]
    assert one.given == (1, 6)


def test_what_was_not_taken_of_an_attempt_that_is_over_is_never_told():
    one = follow()
    one.hear(text(1, 0, "old"))
    one.hear(f.Restarted(ticket_id=T, attempt=2))
    one.hear(text(1, 3, "older"))
    one.hear(text(2, 0, "new"))
    assert taken(one) == [f.Restarted(ticket_id=T, attempt=2), text(2, 0, "new")]


def test_a_newer_attempt_is_announced_even_if_the_gateway_did_not():
    one = follow()
    one.hear(text(1, 0, "old"))
    assert taken(one) == [text(1, 0, "old")]
    one.hear(text(2, 0, "new"))
    assert taken(one) == [f.Restarted(ticket_id=T, attempt=2), text(2, 0, "new")]


def test_a_gap_is_asked_for_once_and_filled():
    one = follow()
    assert not one.hear(text(1, 0, "ab"))
    assert one.hear(text(1, 4, "ef"))
    assert not one.hear(text(1, 6, "gh")), "it is asked for already"
    assert one.cursor == (1, 2)
    assert not one.hear(text(1, 2, "cdefgh"))
    assert taken(one) == [text(1, 0, "abcdefgh")]


def test_an_end_before_its_text_is_no_end():
    one = follow()
    one.hear(text(1, 0, "ab"))
    assert one.hear(complete(1, 5))
    one.hear(text(1, 2, "cde"))
    one.hear(complete(1, 5))
    assert one.ended
    last = taken(one)[-1]
    assert isinstance(last, f.Complete)
    assert last.message.content == "abcde"


def test_a_gateway_that_insists_on_another_text_ends_it():
    one = follow()
    one.hear(text(1, 0, "ab"))
    assert one.hear(complete(1, 5))
    assert not one.hear(complete(1, 5))
    assert one.ended
    assert one.error is not None


def test_a_snapshot_replaces():
    one = follow(1, 40)
    snapshot = f.Snapshot(ticket_id=T, attempt=1, text="all of it", recovered=False)
    one.hear(snapshot)
    one.hear(complete(1, 9))
    assert taken(one)[0] == snapshot
    assert (one.ended, str(one.text), one.given) == (True, "all of it", (1, 9))


def test_resumed_in_the_middle_it_has_the_rest_and_says_so():
    one = follow(1, 3)
    one.hear(text(1, 0, "abcdef"))
    one.hear(complete(1, 6))
    first, last = taken(one)
    assert (first, one.whole) == (text(1, 3, "def"), False)
    assert isinstance(last, f.Complete)
    assert last.message.content == "", "not all of it is here"
    again = follow(1, 3)
    again.hear(f.Restarted(ticket_id=T, attempt=2))
    assert again.whole


def test_tools_are_told_once_per_step():
    one = follow()
    call = f.ToolCallFrame(
        ticket_id=T, attempt=1, call_id="1", name="search", status="started", detail=ToolDetail(arguments="{}")
    )
    done = f.ToolCallFrame(
        ticket_id=T, attempt=1, call_id="1", name="search", status="completed", detail=ToolDetail(arguments="{}")
    )
    for frame in (call, call, done, call, done):
        one.hear(frame)
    assert taken(one) == [call, done]


def test_an_error_of_the_ticket_comes_after_what_was_said():
    one = follow()
    one.hear(queued(1))
    one.hear(f.Error(ticket_id=T, error=ErrorInfo(code="queue_timeout", message="too long"), retry=True))
    one.hear(processing(1))
    assert taken(one) == [queued(1)]
    assert isinstance(one.error, QueueTimeout)


@given(st.data())
def test_cut_anywhere_and_told_anyhow_the_story_is_the_text(data):
    """A gateway that restarts, repeats and leaves gaps at will, and a caller that takes when it likes."""
    texts = data.draw(st.lists(st.text("abc✓𝄞", min_size=1, max_size=30), min_size=1, max_size=3))
    one = follow()
    shown, attempt_shown = "", 0

    def take() -> None:
        nonlocal shown, attempt_shown
        for event in taken(one):
            if isinstance(event, f.Restarted):
                shown, attempt_shown = "", event.attempt
            elif isinstance(event, f.Text):
                assert event.attempt == attempt_shown or not shown
                assert event.offset == len(shown)
                attempt_shown, shown = event.attempt, shown + event.text

    for attempt, whole in enumerate(texts, 1):
        for _ in range(data.draw(st.integers(0, 6))):
            start = data.draw(st.integers(0, len(whole)))
            if one.hear(text(attempt, start, whole[start : data.draw(st.integers(start, len(whole)))])):
                at = one.cursor[1] if one.cursor[0] == attempt else 0
                one.hear(text(attempt, at, whole[at:]))
            if data.draw(st.booleans()):
                take()
    last = len(texts)
    while not one.ended:
        at = one.cursor[1] if one.cursor[0] == last else 0
        one.hear(text(last, at, texts[-1][at:]))
        one.hear(complete(last, len(texts[-1])))
    take()
    assert shown == texts[-1] == str(one.text)
