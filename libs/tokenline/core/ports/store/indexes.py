"""Which indexes of passages there are, and which attachments are in them."""

from collections.abc import Sequence
from typing import Protocol

from tokenline.contracts.attachments import Attachment
from tokenline.contracts.ids import AttachmentId
from tokenline.contracts.vectors import IndexState


class IndexStore(Protocol):
    async def index_state(self) -> IndexState | None: ...

    async def replace_index_state(self, state: IndexState) -> bool:
        """Compare-and-set on ``version``; 0 writes the first one."""
        ...

    async def note_indexed(self, attachment_ids: Sequence[AttachmentId], index_no: int) -> None:
        """All their passages are in the index of this number. Changes no attachment's ``version``."""
        ...

    async def outdated_attachments(self, index_no: int, limit: int) -> list[Attachment]:
        """State ``indexed``, but in no index of this or a higher number."""
        ...

    async def count_outdated(self, index_no: int) -> int: ...
