"""What a connection says, and to whom it listens, without a network."""

import pytest

from tokenline.client.book import MAX_TICKETS, REFUSALS, Book
from tokenline.client.follow import Follow
from tokenline.contracts import frames as f
from tokenline.contracts.chat import Message, MessageStatus
from tokenline.contracts.errors import BadRequest, Busy, ErrorInfo, NotFound, StoreUnavailable

READY = f.Ready(user_id="u", heartbeat_s=15.0, live=())


def said(book: Book) -> list[f.ClientFrame]:
    frames: list[f.ClientFrame] = []
    while (frame := book.next_frame()) is not None:
        frames.append(frame)
    return frames


def question(name: str = "m1") -> f.Send:
    return f.Send(client_message_id=name, content="?")


def accepted(name: str = "m1", ticket: str = "t1") -> f.Accepted:
    message = Message(
        id="q", conversation_id="c", owner_id="u", role="user", content="?",
        status=MessageStatus.SENT, created_at=0.0,
    )  # fmt: skip
    return f.Accepted(ticket_id=ticket, conversation_id="c", client_message_id=name, message=message, answer_id="a")


def text(offset: int, piece: str, attempt: int = 1) -> f.Text:
    return f.Text(ticket_id="t1", attempt=attempt, offset=offset, text=piece)


@pytest.fixture
def book() -> Book:
    book = Book()
    book.opened(READY)
    return book


def asked(book: Book, name: str = "m1") -> Follow:
    follow = Follow(lambda: None)
    book.ask(question(name), follow)
    return follow


def test_a_question_is_repeated_until_it_is_accepted_and_then_resumed(book):
    follow = asked(book)
    assert said(book) == [question()]
    book.lost()
    assert said(book) == []
    book.opened(READY)
    assert said(book) == [question()], "its accept was lost"
    book.hear(accepted())
    book.hear(text(0, "abc"))
    book.lost()
    book.opened(READY)
    assert said(book) == [f.Resume(ticket_id="t1", attempt=1, offset=3)]
    assert follow.ticket_id == "t1"
    book.hear(f.Cancelled(ticket_id="t1", message_id=None))
    book.lost()
    book.opened(READY)
    assert said(book) == []


def test_nothing_piles_up_while_no_gateway_listens():
    book = Book()
    follow = asked(book)
    book.hear(accepted())
    for _ in range(100):
        book.stop(follow)
    assert said(book) == []
    book.opened(READY)
    assert said(book) == [f.Resume(ticket_id="t1"), f.Cancel(ticket_id="t1")]


def test_the_wish_to_stop_outlives_what_was_not_accepted_and_reconnects(book):
    follow = asked(book)
    book.stop(follow)
    assert said(book) == [question()]
    book.hear(accepted())
    assert said(book) == [f.Cancel(ticket_id="t1")]
    book.lost()
    book.opened(READY)
    assert f.Cancel(ticket_id="t1") in said(book)
    book.hear(f.Cancelled(ticket_id="t1", message_id=None))
    book.opened(READY)
    assert said(book) == []


def test_a_gap_is_asked_for(book):
    asked(book)
    book.hear(accepted())
    book.hear(text(0, "ab"))
    said(book)
    book.hear(text(4, "ef"))
    assert said(book) == [f.Resume(ticket_id="t1", attempt=1, offset=2)]


def test_two_who_follow_the_same_are_served_from_where_the_first_is(book):
    ahead, behind = Follow(lambda: None, 1, 4), Follow(lambda: None, 1, 2)
    book.resume("t1", ahead)
    book.resume("t1", behind)
    assert said(book)[-1] == f.Resume(ticket_id="t1", attempt=1, offset=2)
    book.hear(text(2, "cdef"))
    assert (ahead.take(), behind.take()) == (text(4, "ef"), text(2, "cdef"))
    book.leave(behind)
    book.opened(READY)
    assert said(book) == [f.Resume(ticket_id="t1", attempt=1, offset=6)]


def test_a_refusal_is_final_but_trouble_passes(book):
    follow = asked(book)
    book.hear(f.Error(error=Busy().info(), client_message_id="m1"))
    assert isinstance(follow.error, Busy)
    follow = asked(book, "m2")
    for _ in range(REFUSALS - 1):
        said(book)
        book.hear(f.Error(error=StoreUnavailable().info(), client_message_id="m2"))
        assert book.unsure
        assert not follow.ended
        book.say_again()
        assert (said(book), book.unsure) == ([question("m2")], False)
    book.hear(f.Error(error=StoreUnavailable().info(), client_message_id="m2"))
    assert isinstance(follow.error, StoreUnavailable)


def test_trouble_with_a_resume_is_asked_again_but_what_is_gone_is_gone(book):
    follow, other = Follow(lambda: None), Follow(lambda: None)
    book.resume("t1", follow)
    book.resume("t2", other)
    refused = f.Refused(type="resume", ticket_id="t1")
    book.hear(f.Error(error=StoreUnavailable().info(), refused=refused))
    assert (book.unsure, follow.ended) == (True, False)
    book.hear(f.Error(error=NotFound().info(), refused=refused))
    assert isinstance(follow.error, NotFound)
    assert not other.ended


def test_tickets_of_others_are_left_be_or_adopted(book):
    book.hear(accepted("elsewhere", "t9"))
    book.opened(f.Ready(user_id="u", heartbeat_s=15.0, live=("t9",)))
    assert said(book) == []
    found: list[Follow] = []

    def adopt() -> Follow:
        found.append(Follow(lambda: None))
        return found[-1]

    watching = Book(adopt)
    watching.opened(f.Ready(user_id="u", heartbeat_s=15.0, live=("t1",)))
    assert said(watching) == [f.Resume(ticket_id="t1")]
    watching.hear(text(0, "ab"))
    watching.hear(accepted("elsewhere", "t2"))
    assert [follow.ticket_id for follow in found] == ["t1", "t2"]
    assert found[0].take() == text(0, "ab")


def test_an_error_of_one_ticket_ends_that_one(book):
    one, other = asked(book), asked(book, "m2")
    book.hear(accepted())
    book.hear(accepted("m2", "t2"))
    book.hear(f.Error(ticket_id="t1", error=ErrorInfo(code="queue_timeout", message="")))
    assert (one.ended, other.ended) == (True, False)


def test_there_is_a_limit_and_the_end_ends_all(book):
    follows = [asked(book, f"m{number}") for number in range(MAX_TICKETS)]
    with pytest.raises(BadRequest):
        asked(book, "one too many")
    book.hear(accepted("m0", "t0"))
    with pytest.raises(BadRequest):
        asked(book, "still")
    book.fail(StoreUnavailable())
    assert all(isinstance(follow.error, StoreUnavailable) for follow in follows)
