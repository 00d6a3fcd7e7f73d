"""Files that no message took."""

from tokenline.adapters.store_sqlite.attachments import ATTACHMENTS
from tokenline.adapters.store_sqlite.part import Part
from tokenline.contracts.attachments import Attachment

_OLDEST = "FROM attachments INDEXED BY attachments_unsent WHERE conversation_id IS NULL AND"
_EXPIRE = f"""
    UPDATE attachments SET expired_at = ? WHERE id IN (
        SELECT id {_OLDEST} created_at < ? AND expired_at IS NULL ORDER BY created_at LIMIT ?)
"""
_EXPIRED = f"SELECT doc {_OLDEST} expired_at <= ? ORDER BY created_at LIMIT ?"


class Unsent(Part):
    async def expire_unsent(self, created_before: float, now: float, limit: int) -> int:
        wanted = (now, created_before, limit)
        return await self._database.write(lambda connection: connection.execute(_EXPIRE, wanted).rowcount)

    async def expired_unsent(self, marked_before: float, limit: int) -> list[Attachment]:
        wanted = (marked_before, limit)
        return await self._database.scan(lambda connection: ATTACHMENTS.all(connection, _EXPIRED, wanted))
