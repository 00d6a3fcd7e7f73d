"""Ctrl-C: once stops the answer, twice leaves."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Self


class Interrupts:
    """While this is entered, Ctrl-C raises `KeyboardInterrupt` only inside `heard`, so that no other step is cut in
    half; one that comes elsewhere is raised at the next `heard`. Main thread only."""

    def __init__(self) -> None:
        self._listening = False
        self._pending = False
        self._former: Any = None

    def __enter__(self) -> Self:
        self._former = signal.signal(signal.SIGINT, self._on)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._former)

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Raises `KeyboardInterrupt`."""
        self._listening = True
        try:
            if self._pending:
                raise KeyboardInterrupt
            yield
        finally:
            self._listening = self._pending = False

    def _on(self, _signal: int, _frame: FrameType | None) -> None:
        if self._listening:
            raise KeyboardInterrupt
        self._pending = True
