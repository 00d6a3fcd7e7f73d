"""What is counted for limits: shared by all gateways, so that a limit holds over all of them."""

from collections.abc import Sequence
from typing import Protocol

from tokenline.contracts.limits import Charge, Used


class LimitStore(Protocol):
    """``now`` is the caller's clock: those of several gateways should agree to a second or so."""

    async def charge(self, charges: Sequence[Charge], now: float) -> tuple[Used, ...]:
        """Count all of them, or none and raise `RateLimited` where one has no room; what is used then.

        However many ask at once, no more than ``limit.max`` are admitted in any ``limit.per_s`` seconds. With MongoDB
        one that is refused may for a moment take room of another that would have been admitted.
        """
        ...

    async def give_back(self, charges: Sequence[Charge], now: float) -> None:
        """Take back what was counted, the latest first; never below nothing."""
        ...

    async def used(self, charges: Sequence[Charge], now: float) -> tuple[Used, ...]:
        """What is used of each, in their order; counts nothing."""
        ...

    async def forget_used(self, before: float, limit: int) -> int:
        """Drop up to ``limit`` counters of which everything had come back by then; how many it were."""
        ...
