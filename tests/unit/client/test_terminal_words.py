"""What the terminal says, what it shows of an answer, and what it does with Ctrl-C, without a terminal."""

import io
import os
import signal

import pytest
from rich.console import Console

from tokenline.client.models import Answer
from tokenline.client.terminal.interrupts import Interrupts
from tokenline.client.terminal.screen import Notes, Pipe, Screen
from tokenline.client.terminal.words import duration, eta, harmless, waiting
from tokenline.contracts import frames as f
from tokenline.contracts.chat import Citation, UnreadFile

T = "t"


def text(attempt: int, offset: int, piece: str) -> f.Text:
    return f.Text(ticket_id=T, attempt=attempt, offset=offset, text=piece)


def answer(words: str) -> Answer:
    return Answer(text=words, ticket_id=T, conversation_id="c")


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (f.Queued(ticket_id=T, position=0, eta=None), "You are next"),
        (
            f.Position(ticket_id=T, position=3, eta=f.Eta(soonest_s=8, likely_s=12, worst_s=20), note="why"),
            "3 ahead of you · 8–20 s · why",
        ),
        (f.Held(ticket_id=T, reason="user_limit", position=4), "Waiting for your other messages"),
        (f.Held(ticket_id=T, reason="of_later", position=4), "of later"),
        (f.Processing(ticket_id=T, attempt=1), "It is your turn"),
        (f.Restarted(ticket_id=T, attempt=2), "Being answered again (attempt 2)"),
        (text(1, 0, "x"), None),
    ],
)
def test_waiting_in_words(event, line):
    assert waiting(event) == line


@pytest.mark.parametrize(
    ("soonest", "worst", "words"),
    [
        (0, 1, "any moment"),
        (0, 30, "up to 30 s"),
        (12, 12, "about 12 s"),
        (20, 80, "20–80 s"),
        (60, 300, "60 s – 5 min"),
    ],
)
def test_a_range_as_exact_as_somebody_needs(soonest, worst, words):
    assert eta(f.Eta(soonest_s=soonest, likely_s=soonest, worst_s=worst)) == words


def test_durations():
    assert [duration(s) for s in (-1, 59.6, 150, 3600, 4800)] == ["0 s", "60 s", "2 min", "1 h", "1 h 20 min"]


def test_what_steers_a_terminal_is_left_out():
    assert harmless("a\x1b[31mb\x9bc\x07d\re\u202ef\n\tg 👩\u200d🚀") == "a[31mbcdef\n\tg 👩\u200d🚀"


def screen() -> tuple[Screen, io.StringIO]:
    out = io.StringIO()
    return Screen(out, Notes(Console(file=io.StringIO()))), out


def test_a_screen_shows_each_character_once():
    shown, out = screen()
    shown.show(text(1, 0, "one "), "one ")
    shown.show(text(1, 4, "two"), "one two")
    shown.finish(answer("one two"))
    assert out.getvalue() == "one two\n"


def test_what_an_interrupt_lost_is_shown_with_what_comes_next():
    shown, out = screen()
    shown.show(text(1, 0, "one "), "one ")
    shown.show(text(1, 8, "three "), "one two three ")
    shown.finish(answer("one two three four"))
    assert out.getvalue() == "one two three four\n"


def test_an_answer_that_is_begun_again_stands_by_itself():
    shown, out = screen()
    shown.show(text(1, 0, "old"), "old")
    shown.show(f.Restarted(ticket_id=T, attempt=2), "")
    shown.show(text(2, 0, "new"), "new")
    shown.finish(answer("new"))
    assert out.getvalue() == "old\nnew\n"


def test_sources_and_files_that_were_not_read_stand_below():
    notes = io.StringIO()
    shown = Screen(io.StringIO(), Notes(Console(file=notes)))

    def cites(number: int, name: str, page: int | None, section: str) -> Citation:
        return Citation(
            number=number,
            attachment_id="a",
            name=name,
            page=page,
            start=0,
            end=1,
            passage="x",
            similarity=1.0,
            section=section,
        )

    cited = (cites(1, "a.pdf", 3, "A"), cites(2, "b.md", None, "Travel › Trains"))
    unread = (
        UnreadFile(name="scan.pdf", reason="“scan.pdf” is encrypted."),
        UnreadFile(name="b.txt", reason="It is empty."),
    )
    shown.finish(Answer(text="x", ticket_id=T, conversation_id="c", citations=cited, unread=unread))
    assert notes.getvalue().splitlines() == [
        "[1] a.pdf, page 3",
        "[2] b.md, section Travel › Trains",
        "Not read: “scan.pdf” is encrypted.",
        "Not read: b.txt. It is empty.",
    ]


def test_a_pipe_gets_only_the_whole():
    out = io.StringIO()
    pipe = Pipe(out, Notes(Console(file=io.StringIO())))
    pipe.show(text(1, 0, "old"), "old")
    pipe.show(f.Restarted(ticket_id=T, attempt=2), "")
    assert out.getvalue() == ""
    pipe.finish(answer("new\x1b\n"))
    assert out.getvalue() == "new\x1b\n"


def test_an_interrupt_waits_for_its_moment():
    """Not in the middle of a step, and not forgotten either; whose handler stood there before is put back."""
    former = signal.getsignal(signal.SIGINT)
    with Interrupts() as interrupts:
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt), interrupts.heard():
            pytest.fail("it was pending")
        with interrupts.heard():
            pass
        with pytest.raises(KeyboardInterrupt), interrupts.heard():
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is former
