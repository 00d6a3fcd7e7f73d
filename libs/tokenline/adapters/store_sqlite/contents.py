"""Which files hold the same."""

from tokenline.adapters.store_sqlite.attachments import ATTACHMENTS
from tokenline.adapters.store_sqlite.part import Part
from tokenline.contracts.attachments import Attachment
from tokenline.contracts.ids import AttachmentId, UserId

_SAME = """
    SELECT doc FROM attachments INDEXED BY attachments_content
    WHERE content = ? AND state = 'indexed' AND doc ->> '$.owner_id' = ? AND index_no >= ?
    ORDER BY created_at DESC LIMIT 1
"""


class Contents(Part):
    async def note_content(self, attachment_id: AttachmentId, content: str) -> None:
        await self._database.execute("UPDATE attachments SET content = ? WHERE id = ?", content, attachment_id)

    async def same_content(self, owner: UserId, content: str, index_no: int) -> Attachment | None:
        wanted = (content, owner, index_no)
        return await self._database.read(lambda connection: ATTACHMENTS.one(connection, _SAME, wanted))
