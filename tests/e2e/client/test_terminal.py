"""``tokenline`` as people and shells use it: under a pseudo-terminal, and in pipes."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.client.conftest import PASSWORD, email_of, key_of
from tests.support.system import System
from tests.support.terminal import CTRL_C, CTRL_D, Terminal
from tokenline.client import Processing, Tokenline

TOKENLINE = [sys.executable, "-m", "tokenline.client"]
ENDLESS = '{"tokens": 2000, "per_second": 50}'


def at(line: System, key: str = "") -> dict[str, str]:
    return {"TOKENLINE_BASE_URL": line.url()} | ({"TOKENLINE_API_KEY": key} if key else {})


def run(*arguments: str, environment: dict[str, str], stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*TOKENLINE, *arguments],
        env={**os.environ, **environment},
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@contextlib.contextmanager
def busy_line(line: System) -> Iterator[None]:
    """Both slots taken and one before us, until the block ends."""
    with contextlib.ExitStack() as stack:
        streams = []
        for number in range(3):
            client = stack.enter_context(Tokenline(line.url(), api_key=key_of(line, f"busy-{number}@example.org")))
            chat = stack.enter_context(client.connect())
            streams.append(chat.send(ENDLESS))
            streams[-1].accepted()
            if number < 2:
                next(event for event in streams[-1] if isinstance(event, Processing))
        try:
            yield
        finally:
            for stream in streams:
                stream.stop()
            for stream in streams:
                stream.answer()


def test_a_sitting_place_text_stop_and_leave(line: System, key: str) -> None:
    with Terminal([*TOKENLINE, "chat"], at(line, key)) as terminal:
        with busy_line(line):
            terminal.until("› ")
            terminal.type(ENDLESS + "\n")
            terminal.until("1 ahead of you")
        terminal.until("w0 w1 w2")
        terminal.type(CTRL_C)
        terminal.until("Stopped.")
        terminal.until("› ")
        terminal.type('{"say": "and \\u009b2Jon it goes"}\n')
        terminal.until("and 2Jon it goes")
        assert "\x9b" not in terminal.raw, "the model steers the terminal"
        terminal.until("› ")
        terminal.type(CTRL_D)
        assert terminal.exit_code() == 0
    with Tokenline(line.url(), api_key=key) as client:
        [conversation] = client.conversations.list().items
        messages = client.conversations.messages(conversation.id).items
        assert [message.status for message in messages if message.role == "assistant"] == ["cancelled", "complete"]
        # What was shown is what is stored; the terminal itself writes ^C wherever the text is by then.
        assert messages[1].content.strip() in terminal.shown.replace("^C", "")


def test_ctrl_c_twice_leaves_a_single_question(line: System, key: str) -> None:
    with Terminal([*TOKENLINE, "chat", ENDLESS], at(line, key)) as terminal:
        terminal.until("w0 w1")
        terminal.type(CTRL_C)
        assert terminal.exit_code() == 130
        assert "Stopped." in terminal.shown
        assert "Traceback" not in terminal.shown


def test_ctrl_c_at_the_prompt_says_how_to_leave_and_then_leaves(line: System, key: str) -> None:
    with Terminal([*TOKENLINE, "chat"], at(line, key)) as terminal:
        terminal.until("› ")
        terminal.until_it_waits()
        terminal.type(CTRL_C)
        terminal.until("Ctrl-D or another Ctrl-C leaves.")
        terminal.until("› ")
        terminal.until_it_waits()
        terminal.type(CTRL_C)
        assert terminal.exit_code() == 130


def test_a_password_is_asked_for_and_never_shown(line: System, key: str, request: pytest.FixtureRequest) -> None:
    with Terminal([*TOKENLINE, "chat", '{"say": "it is you"}'], at(line)) as terminal:
        terminal.until("E-mail")
        terminal.type(email_of(request) + "\n")
        terminal.until("Password")
        terminal.type(PASSWORD + "\n")
        terminal.until("it is you")
        assert terminal.exit_code() == 0
        assert PASSWORD not in terminal.raw


def test_in_a_pipe_it_is_the_answer_and_nothing_else(line: System, key: str) -> None:
    said = run("chat", '{"say": "Grüße, \\u009b31mred"}', environment=at(line, key))
    assert (said.stdout, said.stderr, said.returncode) == ("Grüße, \x9b31mred\n", "", 0)
    piped = run("chat", environment=at(line, key), stdin='{"say": "from a pipe"}\n')
    assert (piped.stdout, piped.stderr, piped.returncode) == ("from a pipe\n", "", 0)


def test_files_go_along(line: System, key: str, tmp_path: Path) -> None:
    report = tmp_path / "report.txt"
    report.write_text("The heron stands in the shallow water.\n")
    said = run("chat", '{"say": "read"}', "--attach", str(report), environment=at(line, key))
    assert (said.stdout, said.returncode) == ("read\n", 0)
    with Tokenline(line.url(), api_key=key) as client:
        [conversation] = client.conversations.list().items
        assert len(client.conversations.messages(conversation.id).items[0].attachment_ids) == 1
    broken = tmp_path / "broken.bin"
    broken.write_bytes(bytes(range(256)))
    refused = run("chat", "x", "--attach", str(broken), environment=at(line, key))
    assert refused.returncode == 1
    assert "broken.bin" in refused.stderr


def test_the_line_at_a_glance(line: System, key: str) -> None:
    said = run("status", environment=at(line, key))
    head, row = (text.split("\t") for text in said.stdout.splitlines())
    assert head == ["pool", "waiting", "running", "slots", "workers", "wait", "agents"]
    assert (row[0], row[3], row[4], row[6]) == ("default", "2", "1", "assistant")
    assert said.returncode == 0


def test_what_cannot_work_says_what_to_do(line: System, key: str) -> None:
    wrong_key = run("chat", "x", environment=at(line, "tl_wrong"))
    no_key = run("chat", "x", environment=at(line))
    nobody = run("status", "--url", "http://127.0.0.1:9", environment=at(line, key))
    no_chat = run("chat", "x", "--url", "http://127.0.0.1:9", environment=at(line, key))
    nothing = run("chat", environment=at(line, key), stdin=" \n")
    nonsense = run("chat", "x", "--url", "example", environment=at(line, key))
    nobodys_agent = run("chat", "x", "--agent", "nobody", environment=at(line, key))
    for said, code, hint in (
        (wrong_key, 3, "API key"),
        (no_key, 3, "TOKENLINE_API_KEY"),
        (nobody, 4, "http://127.0.0.1:9"),
        (no_chat, 4, "--url"),
        (nothing, 2, "question"),
        (nonsense, 2, "http://"),
        (nobodys_agent, 1, "tokenline status"),
    ):
        assert (said.returncode, said.stdout) == (code, ""), said.stderr
        assert hint in said.stderr
        assert len(said.stderr.splitlines()) == 1
