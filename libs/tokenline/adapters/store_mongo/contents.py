"""Which files hold the same."""

from tokenline.adapters.store_mongo.attachments import ATTACHMENTS
from tokenline.adapters.store_mongo.database import Document
from tokenline.adapters.store_mongo.part import Part
from tokenline.contracts.attachments import Attachment, AttachmentState
from tokenline.contracts.ids import AttachmentId, UserId


class Contents(Part):
    async def note_content(self, attachment_id: AttachmentId, content: str) -> None:
        async with self._database.writing() as db:
            # A deleted one may have left a note of its version; this adds nothing to it that is read.
            await db.attachments.update_one({"_id": attachment_id}, {"$set": {"content": content}})

    async def same_content(self, owner: UserId, content: str, index_no: int) -> Attachment | None:
        wanted: Document = {"content": content, "owner_id": owner, "state": AttachmentState.INDEXED.value}
        # Those that were read before there were numbers have none, which is 0.
        in_index: Document = {"index_no": {"$gte": index_no}} if index_no else {}
        async with self._database.reading() as db:
            newest = db.attachments.find(wanted | in_index).sort("created_at", -1).limit(1)
            found = await newest.to_list(None)
        return ATTACHMENTS.of(found[0]) if found else None
