"""Time and ids come in from outside, so that tests own them."""

import hashlib
import secrets
import time
from typing import Protocol


class Clock(Protocol):
    def now(self) -> float:
        """Seconds since 1970 UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds since some start; never jumps."""
        ...


class SystemClock:
    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()


class ManualClock:
    """Stands still until told otherwise."""

    def __init__(self, at: float = 1_800_000_000.0) -> None:
        self._now = at
        self._monotonic = 0.0

    def now(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, seconds: float) -> None:
        self._now += seconds
        self._monotonic += seconds


def new_id(at: float, random: int | None = None) -> str:
    """A UUIDv7 (RFC 9562 §5.7): 48 bits of milliseconds, then 74 random bits, sortable by time."""
    bits = secrets.randbits(74) if random is None else random & ((1 << 74) - 1)
    value = (int(at * 1000) & ((1 << 48) - 1)) << 80
    value |= 0x7 << 76 | (bits >> 62) << 64 | 0b10 << 62 | bits & ((1 << 62) - 1)
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def derived_id(at: float, *of: str) -> str:
    """An id that follows from others, and looks like any: the same one whoever makes it."""
    return new_id(at, int.from_bytes(hashlib.sha256(" ".join(of).encode()).digest()))
