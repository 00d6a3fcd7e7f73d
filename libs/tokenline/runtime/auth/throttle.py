"""Slows down password guessing: a sliding window of failures per key, in memory."""

import ipaddress
from collections import deque

FAILURES = 10
WINDOW_S = 300.0
MAX_KEYS = 20_000


class Throttle:
    """When ``max_keys`` are watched, the one watched longest is forgotten: memory is bounded under a flood of names."""

    def __init__(self, failures: int = FAILURES, window_s: float = WINDOW_S, max_keys: int = MAX_KEYS) -> None:
        self._failures = failures
        self._window_s = window_s
        self._max_keys = max_keys
        self._failed_at: dict[str, deque[float]] = {}

    def wait_s(self, key: str, now: float) -> float:
        """Seconds until ``key`` may try again; 0: at once."""
        times = self._failed_at.get(key)
        if times is None:
            return 0.0
        while times and times[0] <= now - self._window_s:
            times.popleft()
        if not times:
            del self._failed_at[key]
        return times[0] + self._window_s - now if len(times) >= self._failures else 0.0

    def failed(self, key: str, now: float) -> None:
        times = self._failed_at.get(key)
        if times is None:
            if len(self._failed_at) >= self._max_keys:
                del self._failed_at[next(iter(self._failed_at))]
            times = self._failed_at[key] = deque(maxlen=self._failures)
        times.append(now)

    def succeeded(self, key: str) -> None:
        self._failed_at.pop(key, None)


def network_of(address: str) -> str:
    """The unit one subscriber has: an IPv4 address, or the /64 around an IPv6 address."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(ipaddress.ip_network((int(ip), 64), strict=False))
