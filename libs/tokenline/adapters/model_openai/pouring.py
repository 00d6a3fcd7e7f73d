"""An answer as it arrives: its text goes on in the very callback that brought it."""

from collections.abc import Awaitable, Callable
from enum import Enum

from tokenline.adapters.model_openai.chunks import AnswerReader
from tokenline.core.ports.model import ModelEvent, ModelText


class Wish(Enum):
    """What is wanted next of an answer."""

    NOTHING = "nothing"
    """That was enough."""
    AT_ONCE = "at once"
    SOON = "soon"
    """What comes may wait to be read together with that of other answers."""


Take = Callable[[bytes], Wish]
"""Gets what has arrived, at least a byte. Must not raise."""
Pour = Callable[[Take], Awaitable[bool]]
"""Gives to ``take`` until that is enough (True) or the body ends (False)."""


class Pouring:
    """Waking a task for each token, through the five coroutines of a run, costs as much as reading the token.

    ``events`` and ``failure`` are for the task that waits; ``on_progress`` is told whenever the model did something.
    """

    def __init__(
        self, on_text: Callable[[ModelText], None] | None, on_progress: Callable[[AnswerReader], None]
    ) -> None:
        """``on_text`` ``None``: text is an event, too."""
        self.reader = AnswerReader()
        self.events: list[ModelEvent] = []
        self.failure: Exception | None = None
        self._on_text = on_text or self.events.append
        self._on_progress = on_progress
        self._next = Wish.AT_ONCE

    def take(self, data: bytes) -> Wish:
        """Nothing when there is something for the task that waits; of text only the first is urgent."""
        reader = self.reader
        progress = reader.progress
        try:
            text = reader.feed(data)
            if text is not None:
                self._on_text(text)
                self._next = Wish.SOON
        except Exception as failure:  # raised by the task that waits
            self.failure = failure
            return Wish.NOTHING
        if reader.progress != progress:
            self._on_progress(reader)
        if reader.calls:
            self.events += reader.take_calls()
        return Wish.NOTHING if self.events or reader.done else self._next
