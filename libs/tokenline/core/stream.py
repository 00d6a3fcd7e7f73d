"""A stream is a growing text with a cursor: resuming, slow clients, second tabs are all "send what lies beyond"."""

from bisect import bisect_right
from enum import Enum


class Appended(Enum):
    GREW = "grew"
    REPEATED = "repeated"
    """Nothing new in it, or of an older attempt."""
    GAP = "gap"
    """Something is missing before it: nothing was appended, fetch a snapshot."""


class StreamText:
    """The text of one attempt so far. Offsets count Unicode code points. Holds the answer until it is dropped."""

    def __init__(self, attempt: int = 0) -> None:
        self.attempt = attempt
        self.length = 0
        self._chunks: list[str] = []
        self._starts: list[int] = []

    def append(self, attempt: int, offset: int, text: str) -> Appended:
        """Take in a piece. A newer attempt starts over; an overlap is cut off."""
        if attempt < self.attempt:
            return Appended.REPEATED
        if attempt > self.attempt:
            self.restart(attempt)
        if offset > self.length:
            return Appended.GAP
        fresh = text if offset == self.length else text[self.length - offset :]
        if not fresh:
            return Appended.REPEATED
        self._starts.append(self.length)
        self._chunks.append(fresh)
        self.length += len(fresh)
        return Appended.GREW

    def restart(self, attempt: int) -> None:
        self.attempt = attempt
        self.length = 0
        self._chunks.clear()
        self._starts.clear()

    def beyond(self, offset: int, at_most: int | None = None) -> str:
        """What lies at and after ``offset``, the first ``at_most`` of it; O(what is returned)."""
        if offset >= self.length:
            return ""
        index = bisect_right(self._starts, offset) - 1
        first = self._chunks[index][offset - self._starts[index] :]
        if index == len(self._chunks) - 1:
            return first[:at_most]
        last = None if at_most is None else bisect_right(self._starts, offset + at_most)
        return (first + "".join(self._chunks[index + 1 : last]))[:at_most]

    def __str__(self) -> str:
        return "".join(self._chunks)
