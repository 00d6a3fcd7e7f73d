"""Which indexes of passages there are, and which attachments are in them."""

from collections.abc import Sequence

from tokenline.adapters.store_mongo.attachments import ATTACHMENTS
from tokenline.adapters.store_mongo.database import Document
from tokenline.adapters.store_mongo.documents import Documents, encode, insert_new
from tokenline.adapters.store_mongo.part import Part
from tokenline.contracts.attachments import Attachment, AttachmentState
from tokenline.contracts.ids import AttachmentId
from tokenline.contracts.vectors import IndexState

STATE = Documents(IndexState)

_ID = "passages"


def _outdated(index_no: int) -> Document:
    # Those that were read before there were numbers have none, which is 0.
    if index_no == 0:
        return {"_id": {"$in": []}}
    return {"state": AttachmentState.INDEXED.value, "index_no": {"$not": {"$gte": index_no}}}


class Indexes(Part):
    async def index_state(self) -> IndexState | None:
        async with self._database.reading() as db:
            return STATE.maybe(await db.index_state.find_one({"_id": _ID}))

    async def replace_index_state(self, state: IndexState) -> bool:
        written: Document = {"version": state.version, "doc": encode(state)}
        async with self._database.writing() as db:
            if state.version == 0:
                return await insert_new(db.index_state, {"_id": _ID, **written})
            before = {"_id": _ID, "version": state.version - 1}
            return (await db.index_state.update_one(before, {"$set": written})).matched_count == 1

    async def note_indexed(self, attachment_ids: Sequence[AttachmentId], index_no: int) -> None:
        async with self._database.writing() as db:
            # A deleted one may have left a note of its version; this adds nothing to it that is read.
            theirs = {"_id": {"$in": list(attachment_ids)}}
            await db.attachments.update_many(theirs, {"$max": {"index_no": index_no}})

    async def outdated_attachments(self, index_no: int, limit: int) -> list[Attachment]:
        async with self._database.reading() as db:
            found = await db.attachments.find(_outdated(index_no)).limit(limit).to_list(None)
        return [ATTACHMENTS.of(document) for document in found]

    async def count_outdated(self, index_no: int) -> int:
        async with self._database.reading() as db:
            return int(await db.attachments.count_documents(_outdated(index_no)))
