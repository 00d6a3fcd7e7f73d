"""What the process that forks does when the system refuses, without starting it."""

import os
import platform
import signal
import socket

import pytest

from services.ingest.extract.nursery import _filtered, _Nursery


def test_no_process_for_one_file_ends_that_file_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> int:
        raise BlockingIOError

    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(signal, "set_wakeup_fd", lambda *_, **__: None)
    monkeypatch.setattr(os, "fork", refused)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    heard, answer = os.pipe()
    with ours, theirs, open(os.devnull, "rb") as file, open(heard, "rb") as pipe:
        socket.send_fds(ours, [b"a task"], [file.fileno(), answer])
        os.close(answer)
        assert _Nursery(theirs, None)._fork(), "it goes on"
        assert pipe.read() == b"", "nobody is left who could answer: it is tried again"


@pytest.mark.parametrize(("machine", "filtered"), [(platform.machine(), True), ("riscv64", False)])
def test_it_knows_whether_system_calls_can_be_taken(
    monkeypatch: pytest.MonkeyPatch, machine: str, filtered: bool
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    assert _filtered() is filtered
