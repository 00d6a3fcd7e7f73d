"""Which indexes of passages there are, and which attachments are in them."""

from collections.abc import Sequence

from tokenline.adapters.store_sqlite.attachments import ATTACHMENTS
from tokenline.adapters.store_sqlite.documents import Documents, as_list, encode
from tokenline.adapters.store_sqlite.part import Part
from tokenline.contracts.attachments import Attachment
from tokenline.contracts.ids import AttachmentId
from tokenline.contracts.vectors import IndexState

STATE = Documents(IndexState)

_FIRST = "INSERT INTO index_state (id, version, doc) VALUES (1, ?, ?) ON CONFLICT (id) DO NOTHING"
_REPLACE = "UPDATE index_state SET version = ?, doc = ? WHERE version = ?"
_NOTE = "UPDATE attachments SET index_no = ? WHERE id IN (SELECT value FROM json_each(?)) AND index_no < ?"
_OUTDATED = "FROM attachments INDEXED BY attachments_indexed WHERE state = 'indexed' AND index_no < ?"


class Indexes(Part):
    async def index_state(self) -> IndexState | None:
        return await self._database.read(lambda connection: STATE.one(connection, "SELECT doc FROM index_state"))

    async def replace_index_state(self, state: IndexState) -> bool:
        if state.version == 0:
            return await self._database.write(
                lambda connection: connection.execute(_FIRST, (0, encode(state))).rowcount == 1
            )
        parameters = (state.version, encode(state), state.version - 1)
        return await self._database.write(lambda connection: connection.execute(_REPLACE, parameters).rowcount == 1)

    async def note_indexed(self, attachment_ids: Sequence[AttachmentId], index_no: int) -> None:
        await self._database.execute(_NOTE, index_no, as_list(attachment_ids), index_no)

    async def outdated_attachments(self, index_no: int, limit: int) -> list[Attachment]:
        return await self._database.scan(
            lambda connection: ATTACHMENTS.all(connection, f"SELECT doc {_OUTDATED} LIMIT ?", (index_no, limit))
        )

    async def count_outdated(self, index_no: int) -> int:
        return await self._database.scan(
            lambda connection: int(connection.execute(f"SELECT count(*) {_OUTDATED}", (index_no,)).fetchone()[0])
        )
