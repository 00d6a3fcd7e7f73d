"""How much of something is allowed in a time."""


class Bucket:
    """A token bucket: ``rate`` per second on average, ``burst`` at once. Times are monotonic seconds."""

    __slots__ = ("_at", "_burst", "_left", "_rate")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._left = burst
        self._at = now

    def left(self, now: float) -> float:
        """How many there are; takes none."""
        return min(self._burst, self._left + (now - self._at) * self._rate)

    def take(self, now: float) -> bool:
        self._left = self.left(now)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
