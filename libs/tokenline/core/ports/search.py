"""Search in a conversation's attachments, answered by ingest."""

from collections.abc import Sequence
from typing import Protocol

from tokenline.contracts.attachments import Passage, SearchRequest
from tokenline.contracts.ids import AttachmentId, UserId


class Search(Protocol):
    async def passages(self, request: SearchRequest) -> tuple[Passage, ...]:
        """Best first. Raises `SearchUnavailable`."""
        ...

    async def forget(self, owner_id: UserId, attachment_ids: Sequence[AttachmentId]) -> None:
        """Delete the vectors of these attachments. Raises `SearchUnavailable`."""
        ...

    async def close(self) -> None: ...
