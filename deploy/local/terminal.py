"""What the launcher shows: its own progress, and of the children's logs the lines that need somebody."""

import contextlib
import json
import re
from pathlib import Path

_LOUD = {"warning", "error", "critical", "exception", "fatal"}
_LOUD_WORD = re.compile(r"\b(WARNING|ERROR|CRITICAL|FATAL)\b|^Traceback |^\w*(Error|Exception): ")
_NOISE = {"event", "level", "timestamp", "time", "logger", "exception"}
_LINES_AT_ONCE = 5
_LONGEST_LINE = 300


def say(line: str) -> None:
    """Print at once; a terminal that is gone must not stop the services."""
    with contextlib.suppress(OSError, ValueError):
        print(line, flush=True)


def worth_showing(line: str) -> str | None:
    """The text to show for a log line, or None for a line of ordinary work."""
    if line.startswith("{"):
        try:
            entry = json.loads(line)
        except ValueError:
            return None
        if str(entry.get("level", "")).lower() not in _LOUD:
            return None
        fields = " ".join(f"{key}={value}" for key, value in entry.items() if key not in _NOISE)
        return f"{entry['level']} {entry.get('event', '')} {fields}".strip()[:_LONGEST_LINE]
    return line.strip()[:_LONGEST_LINE] if _LOUD_WORD.search(line) else None


class LogTail:
    """Follows one log file from its end at the time of making."""

    def __init__(self, name: str, path: Path) -> None:
        self._name = name
        self._path = path
        self._at = path.stat().st_size if path.exists() else 0
        self._rest = b""

    def news(self) -> list[str]:
        """Lines to show since the last call: at most five, then how many more there are."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            if self._at > file.seek(0, 2):  # a new file under the old name
                self._at, self._rest = 0, b""
            file.seek(self._at)
            read = file.read(1 << 20)  # a flood is read on at the next call
        self._at += len(read)
        *lines, self._rest = (self._rest + read).split(b"\n")
        shown = [text for line in lines if (text := worth_showing(line.decode(errors="replace")))]
        more = len(shown) - _LINES_AT_ONCE
        told = [f"  {self._name}: {text}" for text in shown[:_LINES_AT_ONCE]]
        return [*told, f"  {self._name}: … {more} more lines in {self._path}"] if more > 0 else told


def last_line(path: Path) -> str:
    """The last line of a log that says something, for the sentence about a process that failed."""
    if not path.exists():
        return "nothing"
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((line.strip()[:_LONGEST_LINE] for line in reversed(lines) if line.strip()), "nothing")
