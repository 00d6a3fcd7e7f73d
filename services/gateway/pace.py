"""When followers are woken for text: at once, as long as this gateway keeps up."""

import asyncio

from services.gateway.live import LiveTicket
from tokenline.core.clock import Clock

AT_MOST_S = 0.025
"""A round for a thousand streams takes about that. One that took longer was held up by something else, such as an
answer of megabytes, for which others need not wait twice."""


class Pace:
    """Lets as much time pass between two rounds of writing as the first one took, but no more than `AT_MOST_S`.

    So half of a busy loop is left for what comes in, and what came in meanwhile goes out as one frame a follower: a
    gateway that is behind sends fewer, larger frames instead of ever later ones. A round of a gateway that keeps up
    takes less than a worker's tick, and delays nothing.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._fresh: dict[LiveTicket, None] = {}
        self._due: asyncio.Handle | None = None
        self._not_before = 0.0

    def wake(self, live: LiveTicket) -> None:
        """There is something new of it."""
        self._fresh[live] = None
        if self._due is None:
            loop, wait_s = asyncio.get_running_loop(), self._not_before - self._clock.monotonic()
            self._due = loop.call_later(wait_s, self._round) if wait_s > 0 else loop.call_soon(self._round)

    def _round(self) -> None:
        self._due = None
        fresh, self._fresh = self._fresh, {}
        began = self._clock.monotonic()
        for live in fresh:
            live.wake()
        # Behind the writers, who run when those before this are done.
        asyncio.get_running_loop().call_soon(self._written, began)

    def _written(self, began: float) -> None:
        now = self._clock.monotonic()
        self._not_before = now + min(now - began, AT_MOST_S)
