"""A program in a terminal: what it shows is waited for, what is typed reaches it, Ctrl-C too."""

import codecs
import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\r")
CTRL_C, CTRL_D = "\x03", "\x04"


class Terminal:
    """``with Terminal([program, …], environment) as terminal``. 100 columns; the program is ended with the block."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._command = command
        self._environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", **environment}
        self.raw = ""
        """All that was written, control codes included."""
        self._from = 0
        # A character may come in two reads.
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    @property
    def shown(self) -> str:
        """All that was written, without control codes."""
        return _CONTROL.sub("", self.raw)

    def __enter__(self) -> Self:
        self._master, slave = pty.openpty()
        # `setsid --ctty`: its own controlling terminal, so that Ctrl-C is a signal. `env`: one that is not ignored, as
        # it is by all that a shell starts in the background, these tests maybe.
        self._process = subprocess.Popen(
            ["setsid", "--ctty", "env", "--default-signal=INT", *self._command],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=self._environment,
        )
        os.close(slave)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._master)

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def until(self, text: str, within_s: float = 30) -> None:
        """Until this is shown, after whatever was waited for before."""
        deadline = time.monotonic() + within_s
        while (found := self.shown.find(text, self._from)) < 0:
            assert self._take(deadline - time.monotonic()), f"no {text!r} in:\n{self.shown[-2000:]}"
        self._from = found + len(text)

    def until_it_waits(self) -> None:
        """Until the program sleeps, as it does when it waits for a key. Python's readline misses a Ctrl-C that comes
        between the prompt and that, which only a program types so fast."""
        stat = Path(f"/proc/{self._process.pid}/stat")
        while stat.read_text().rpartition(")")[2].split()[0] != "S":
            time.sleep(0.01)

    def exit_code(self, within_s: float = 30) -> int:
        deadline = time.monotonic() + within_s
        while self._take(deadline - time.monotonic()):
            pass
        return self._process.wait(max(1.0, deadline - time.monotonic()))

    def _take(self, within_s: float) -> bool:
        """False at the end of the program, or when nothing came in time."""
        ready, _, _ = select.select([self._master], [], [], max(within_s, 0))
        try:
            data = os.read(self._master, 65536) if ready else b""
        except OSError:  # Linux says EIO when the other side is closed
            data = b""
        self.raw += self._decoder.decode(data)
        return bool(data)
