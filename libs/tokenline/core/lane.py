"""The waiting tickets of one pool and priority, in order, with the rank of any of them at the cost of a bisection.

Tickets nearly always enter at the back and leave at the front, so order is kept in one sorted list: ``front`` counts
those that left at the front, and ``gaps`` holds the few indices that left from the middle (cancelled, moved, or taken
out of order). A rank is ``index - front - gaps before index``. Both lists are compacted when a fixed share of them is
dead, so that every operation is amortised O(log n).
"""

from bisect import bisect_left, insort

_COMPACT_AT = 64


class Lane:
    """Holds sequence numbers; each is unique in the pool."""

    def __init__(self) -> None:
        self._seqs: list[int] = []
        self._front = 0
        self._gaps: list[int] = []

    def __len__(self) -> int:
        return len(self._seqs) - self._front - len(self._gaps)

    def rank(self, seq: int) -> int:
        """How many members come before ``seq``, which need not be a member itself."""
        index = bisect_left(self._seqs, seq, self._front)
        return index - self._front - bisect_left(self._gaps, index)

    def before(self, seq: int) -> list[int]:
        """The members that come before ``seq``, in order."""
        end, gaps = bisect_left(self._seqs, seq), set(self._gaps)
        return [self._seqs[index] for index in range(self._front, end) if index not in gaps]

    def add(self, seq: int) -> None:
        if not self._seqs or seq > self._seqs[-1]:
            self._seqs.append(seq)
            return
        index = bisect_left(self._seqs, seq, self._front)
        gap = bisect_left(self._gaps, index)
        if index < len(self._seqs) and self._seqs[index] == seq:
            del self._gaps[gap]
            return
        self._seqs.insert(index, seq)
        self._gaps[gap:] = [later + 1 for later in self._gaps[gap:]]

    def remove(self, seq: int) -> None:
        index = bisect_left(self._seqs, seq, self._front)
        if index == self._front:
            self._advance()
        else:
            insort(self._gaps, index)
        self._compact()

    def _advance(self) -> None:
        self._front += 1
        closed = 0
        while closed < len(self._gaps) and self._gaps[closed] == self._front:
            self._front += 1
            closed += 1
        del self._gaps[:closed]

    def _compact(self) -> None:
        dead = self._front + len(self._gaps)
        if dead < _COMPACT_AT or dead * 4 < len(self._seqs):
            return
        gone = set(self._gaps)
        self._seqs = [seq for index, seq in enumerate(self._seqs) if index >= self._front and index not in gone]
        self._front = 0
        self._gaps = []
