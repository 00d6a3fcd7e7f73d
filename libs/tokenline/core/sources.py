"""The passages that a model was given for one answer, numbered in one sequence however they came."""

from collections.abc import Iterable

from tokenline.contracts.attachments import Passage


class Sources:
    """``given``: those of the prompt, which have the first numbers."""

    def __init__(self, given: Iterable[Passage] = ()) -> None:
        self._passages: list[Passage] = []
        self._numbers: dict[tuple[str, int, int], int] = {}
        for passage in given:
            self.number(passage)

    @property
    def all(self) -> tuple[Passage, ...]:
        """The first one has the number 1."""
        return tuple(self._passages)

    def number(self, passage: Passage) -> int:
        """Its own, which it keeps when it is found again."""
        key = (passage.attachment_id, passage.start, passage.end)
        if key not in self._numbers:
            self._passages.append(passage)
            self._numbers[key] = len(self._passages)
        return self._numbers[key]

    def numbers(self, passages: Iterable[Passage]) -> tuple[int, ...]:
        """Those they have or would get; nothing is noted."""
        seen, following = dict(self._numbers), len(self._passages)
        found = []
        for passage in passages:
            key = (passage.attachment_id, passage.start, passage.end)
            if key not in seen:
                following += 1
                seen[key] = following
            found.append(seen[key])
        return tuple(found)
