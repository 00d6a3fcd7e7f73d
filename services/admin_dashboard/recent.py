"""What happened to tickets of late, in bounded memory. Pure."""

from collections.abc import Sequence

from tokenline.contracts.ids import TicketId


class Recent:
    """A value for each ticket of the last ``span_s``; when ``most`` are kept, the oldest is forgotten.

    Telling it twice about a ticket changes nothing, so events and fresh reads of the store may overlap.
    """

    def __init__(self, span_s: float, most: int) -> None:
        self._span_s = span_s
        self._most = most
        self._kept: dict[TicketId, tuple[float, float]] = {}

    def add(self, ticket_id: TicketId, at: float, now: float, value: float = 0.0) -> None:
        if ticket_id in self._kept or at <= now - self._span_s:
            return
        if len(self._kept) >= self._most:
            del self._kept[next(iter(self._kept))]
        # A time ahead of our clock must not outlive the span.
        self._kept[ticket_id] = (min(at, now), value)

    def values(self, now: float) -> list[float]:
        """Those not older than the span, in the order they were heard of."""
        old = [ticket_id for ticket_id, (at, _) in self._kept.items() if at <= now - self._span_s]
        for ticket_id in old:
            del self._kept[ticket_id]
        return [value for _, value in self._kept.values()]

    def count(self, now: float) -> int:
        return len(self.values(now))


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """``ordered`` ascends. ``None`` when there is nothing."""
    if not ordered:
        return None
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
