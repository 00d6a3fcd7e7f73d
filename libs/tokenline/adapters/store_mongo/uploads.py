"""Uploads that are not finished."""

from tokenline.adapters.store_mongo.database import Document
from tokenline.adapters.store_mongo.documents import Documents, encode, insert_new
from tokenline.adapters.store_mongo.part import Part
from tokenline.contracts.ids import AttachmentId, UserId
from tokenline.contracts.uploads import Upload

UPLOADS = Documents(Upload)


def _fields(upload: Upload) -> Document:
    return {
        "owner_id": upload.owner_id,
        "expires_at": upload.expires_at,
        "version": upload.version,
        "doc": encode(upload),
    }


class Uploads(Part):
    async def add_upload(self, upload: Upload, most: int) -> bool:
        async with self._database.writing() as db:
            await insert_new(db.uploads, {"_id": upload.id, **_fields(upload)})
            # After it was written: of two at once each sees the other, or one does.
            if await db.uploads.count_documents({"owner_id": upload.owner_id}) <= most:
                return True
            await db.uploads.delete_one({"_id": upload.id})
            return False

    async def get_upload(self, upload_id: AttachmentId) -> Upload | None:
        async with self._database.reading() as db:
            return UPLOADS.maybe(await db.uploads.find_one({"_id": upload_id}))

    async def replace_upload(self, upload: Upload) -> bool:
        async with self._database.writing() as db:
            before = {"_id": upload.id, "version": upload.version - 1}
            return (await db.uploads.update_one(before, {"$set": _fields(upload)})).matched_count == 1

    async def delete_upload(self, upload_id: AttachmentId) -> bool:
        async with self._database.writing() as db:
            return (await db.uploads.delete_one({"_id": upload_id})).deleted_count == 1

    async def owned_uploads(self, owner: UserId, limit: int) -> list[Upload]:
        async with self._database.reading() as db:
            found = await db.uploads.find({"owner_id": owner}).limit(limit).to_list(None)
        return [UPLOADS.of(document) for document in found]

    async def expired_uploads(self, now: float, limit: int) -> list[Upload]:
        async with self._database.reading() as db:
            longest_first = db.uploads.find({"expires_at": {"$lte": now}}).sort("expires_at", 1)
            return [UPLOADS.of(document) for document in await longest_first.limit(limit).to_list(None)]
