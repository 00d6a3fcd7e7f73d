"""An answer as it arrives: its text goes on in the very callback that brought it."""

from collections.abc import Awaitable, Callable

from tokenline.adapters.model_openai.chunks import AnswerReader
from tokenline.core.ports.model import ModelEvent, ModelText

Take = Callable[[bytes], bool]
"""Gets what has arrived, at least a byte; False: that is enough. Must not raise."""
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

    def take(self, data: bytes) -> bool:
        """False when there is something for the task that waits."""
        reader = self.reader
        progress = reader.progress
        try:
            text = reader.feed(data)
            if text is not None:
                self._on_text(text)
        except Exception as failure:  # raised by the task that waits
            self.failure = failure
            return False
        if reader.progress != progress:
            self._on_progress(reader)
        if reader.calls:
            self.events += reader.take_calls()
        return not self.events and not reader.done
