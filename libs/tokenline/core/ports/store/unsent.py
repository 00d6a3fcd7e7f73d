"""Files that no message took."""

from typing import Protocol

from tokenline.contracts.attachments import Attachment


class UnsentStore(Protocol):
    async def expire_unsent(self, created_before: float, now: float, limit: int) -> int:
        """Mark the oldest files that were made before and belong to no conversation: no message takes them any more.

        How many. A message that is just being accepted may have looked at one of them before and take it all the same;
        then it is no file for `expired_unsent`.
        """
        ...

    async def expired_unsent(self, marked_before: float, limit: int) -> list[Attachment]:
        """Those that were marked up to then and still belong to no conversation. Oldest first."""
        ...
