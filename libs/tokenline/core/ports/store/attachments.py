"""What is known of files."""

from collections.abc import Sequence
from typing import Protocol

from tokenline.contracts.attachments import Attachment
from tokenline.contracts.ids import AttachmentId, ConversationId


class AttachmentStore(Protocol):
    async def add_attachment(self, attachment: Attachment) -> None:
        """Nothing happens when the id is known already."""
        ...

    async def get_attachment(self, attachment_id: AttachmentId) -> Attachment | None: ...

    async def replace_attachment(self, attachment: Attachment) -> bool:
        """Compare-and-set on ``version`` as for tickets."""
        ...

    async def delete_attachment(self, attachment_id: AttachmentId) -> None: ...

    async def attachments(self, attachment_ids: Sequence[AttachmentId]) -> list[Attachment]:
        """In the order asked for; missing ones are left out."""
        ...

    async def attachments_of(self, conversation_id: ConversationId) -> list[Attachment]:
        """Oldest first."""
        ...

    async def due_fetches(self, now: float, limit: int) -> list[Attachment]:
        """Those that are uploading from an address, with ``fetch_due_at`` up to ``now``. Longest due first."""
        ...

    async def unindexed_attachments(self, created_before: float, limit: int) -> list[Attachment]:
        """Neither indexed, failed nor uploading: their job may have been lost. Oldest first."""
        ...
