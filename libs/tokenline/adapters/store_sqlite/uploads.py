"""Uploads that are not finished."""

import sqlite3

from tokenline.adapters.store_sqlite.documents import Documents, encode
from tokenline.adapters.store_sqlite.part import Part
from tokenline.contracts.ids import AttachmentId, UserId
from tokenline.contracts.uploads import Upload

UPLOADS = Documents(Upload)

_ADD = """
    INSERT INTO uploads (id, owner_id, expires_at, version, doc) SELECT ?1, ?2, ?3, ?4, ?5
    WHERE (SELECT count(*) FROM uploads WHERE owner_id = ?2) < ?6
"""
_REPLACE = "UPDATE uploads SET expires_at = ?, version = ?, doc = ? WHERE id = ? AND version = ?"


class Uploads(Part):
    async def add_upload(self, upload: Upload, most: int) -> bool:
        values = (upload.id, upload.owner_id, upload.expires_at, upload.version, encode(upload), most)
        return await self._database.write(lambda db: db.execute(_ADD, values).rowcount == 1)

    async def get_upload(self, upload_id: AttachmentId) -> Upload | None:
        sql = "SELECT doc FROM uploads WHERE id = ?"
        return await self._database.read(lambda connection: UPLOADS.one(connection, sql, (upload_id,)))

    async def replace_upload(self, upload: Upload) -> bool:
        values = (upload.expires_at, upload.version, encode(upload), upload.id, upload.version - 1)
        return await self._database.write(lambda db: db.execute(_REPLACE, values).rowcount == 1)

    async def delete_upload(self, upload_id: AttachmentId) -> bool:
        def work(connection: sqlite3.Connection) -> bool:
            return connection.execute("DELETE FROM uploads WHERE id = ?", (upload_id,)).rowcount == 1

        return await self._database.write(work)

    async def owned_uploads(self, owner: UserId, limit: int) -> list[Upload]:
        sql = "SELECT doc FROM uploads WHERE owner_id = ? LIMIT ?"
        return await self._database.read(lambda connection: UPLOADS.all(connection, sql, (owner, limit)))

    async def expired_uploads(self, now: float, limit: int) -> list[Upload]:
        sql = "SELECT doc FROM uploads WHERE expires_at <= ? ORDER BY expires_at LIMIT ?"
        return await self._database.read(lambda connection: UPLOADS.all(connection, sql, (now, limit)))
