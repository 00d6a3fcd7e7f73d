"""When a crashed child is started again, and when that is hopeless. Pure."""

from collections import deque

_WINDOW_S = 60.0
_CRASHES = 5
_FIRST_DELAY_S = 0.5
_LONGEST_DELAY_S = 8.0


class Restarts:
    """One child's crashes of the last minute."""

    def __init__(self) -> None:
        self._crashes: deque[float] = deque(maxlen=_CRASHES)

    def after_crash(self, now_s: float) -> float | None:
        """Seconds to wait before the next start; None at the fifth crash within a minute."""
        while self._crashes and now_s - self._crashes[0] >= _WINDOW_S:
            self._crashes.popleft()
        self._crashes.append(now_s)
        if len(self._crashes) == _CRASHES:
            return None
        return min(_FIRST_DELAY_S * 2.0 ** (len(self._crashes) - 1), _LONGEST_DELAY_S)
