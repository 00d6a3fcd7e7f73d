"""Attachments, and how a question takes them into its conversation."""

import sqlite3
from collections.abc import Sequence

from msgspec.structs import replace

from tokenline.adapters.store_sqlite.documents import Documents, as_list, encode
from tokenline.adapters.store_sqlite.part import Part
from tokenline.adapters.store_sqlite.releases import note_release_due
from tokenline.contracts.attachments import READ, Attachment
from tokenline.contracts.chat import Message
from tokenline.contracts.errors import Conflict, FileGone
from tokenline.contracts.ids import AttachmentId, ConversationId

ATTACHMENTS = Documents(Attachment)

_INSERT = """
    INSERT INTO attachments (version, conversation_id, state, doc, id, created_at) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO NOTHING
"""
_REPLACE = """
    UPDATE attachments SET version = ?, conversation_id = ?, state = ?, doc = ? WHERE id = ? AND version = ?
"""
_OF_CONVERSATION = """
    SELECT doc FROM attachments INDEXED BY attachments_of_conversation
    WHERE conversation_id = ? ORDER BY created_at, id
"""
_TAKEABLE = """
    SELECT doc FROM attachments WHERE id IN (SELECT value FROM json_each(?)) AND doc ->> '$.owner_id' = ?
        AND (conversation_id IS NOT NULL OR expired_at IS NULL)
"""
_UNREAD = """
    SELECT 1 FROM attachments WHERE id IN (SELECT value FROM json_each(?)) AND state NOT IN ('indexed', 'failed')
"""
_DUE_FETCHES = """
    SELECT doc FROM attachments INDEXED BY attachments_fetched
    WHERE doc ->> '$.fetch_due_at' <= ? ORDER BY doc ->> '$.fetch_due_at' LIMIT ?
"""
_UNINDEXED = """
    SELECT doc FROM attachments INDEXED BY attachments_unindexed
    WHERE state IN ('queued', 'extracting', 'embedding') AND created_at < ? ORDER BY created_at LIMIT ?
"""


def _columns(attachment: Attachment) -> tuple[object, ...]:
    return (attachment.version, attachment.conversation_id, attachment.state.value, encode(attachment))


def _get(connection: sqlite3.Connection, attachment_id: AttachmentId) -> Attachment | None:
    return ATTACHMENTS.one(connection, "SELECT doc FROM attachments WHERE id = ?", (attachment_id,))


def _replace(connection: sqlite3.Connection, attachment: Attachment) -> bool:
    parameters = (*_columns(attachment), attachment.id, attachment.version - 1)
    return connection.execute(_REPLACE, parameters).rowcount == 1


def attachments_of(connection: sqlite3.Connection, conversation_id: ConversationId) -> list[Attachment]:
    return ATTACHMENTS.all(connection, _OF_CONVERSATION, (conversation_id,))


def bind_attachments(connection: sqlite3.Connection, question: Message) -> bool:
    """Take the question's attachments into its conversation; True when one of them is still being read.

    Raises `FileGone` when some are not the owner's (any more) and `Conflict` when one belongs to another conversation.
    """
    indexing = False
    wanted = (as_list(question.attachment_ids), question.owner_id)
    found = {attachment.id: attachment for attachment in ATTACHMENTS.all(connection, _TAKEABLE, wanted)}
    if gone := [attachment_id for attachment_id in question.attachment_ids if attachment_id not in found]:
        raise FileGone(attachment_ids=gone)
    for attachment_id, attachment in found.items():
        indexing |= attachment.state not in READ
        if attachment.conversation_id == question.conversation_id:
            continue
        if attachment.conversation_id is not None:
            raise Conflict("This file belongs to another conversation.", attachment_id=attachment_id)
        bound = replace(attachment, conversation_id=question.conversation_id, version=attachment.version + 1)
        _replace(connection, bound)
    return indexing


def any_unread(connection: sqlite3.Connection, files: str) -> bool:
    """Whether one of these (ids as JSON) is still being read; a deleted one is not."""
    return connection.execute(_UNREAD, (files,)).fetchone() is not None


class Attachments(Part):
    async def add_attachment(self, attachment: Attachment) -> None:
        await self._database.execute(_INSERT, *_columns(attachment), attachment.id, attachment.created_at)

    async def get_attachment(self, attachment_id: AttachmentId) -> Attachment | None:
        return await self._database.read(lambda connection: _get(connection, attachment_id))

    async def replace_attachment(self, attachment: Attachment) -> bool:
        def work(connection: sqlite3.Connection) -> bool:
            written = _replace(connection, attachment)
            if written and attachment.state in READ:
                note_release_due(connection, attachment.owner_id, self._clock.now())
            return written

        return await self._database.write(work)

    async def delete_attachment(self, attachment_id: AttachmentId) -> None:
        def work(connection: sqlite3.Connection) -> None:
            attachment = _get(connection, attachment_id)
            if attachment is not None:
                connection.execute("DELETE FROM attachments WHERE id = ?", (attachment_id,))
                note_release_due(connection, attachment.owner_id, self._clock.now())

        await self._database.write(work)

    async def attachments(self, attachment_ids: Sequence[AttachmentId]) -> list[Attachment]:
        found = await self._database.read(
            lambda connection: ATTACHMENTS.all(
                connection,
                "SELECT doc FROM attachments WHERE id IN (SELECT value FROM json_each(?))",
                (as_list(attachment_ids),),
            )
        )
        by_id = {attachment.id: attachment for attachment in found}
        return [by_id[i] for i in attachment_ids if i in by_id]

    async def attachments_of(self, conversation_id: ConversationId) -> list[Attachment]:
        return await self._database.read(lambda connection: attachments_of(connection, conversation_id))

    async def unindexed_attachments(self, created_before: float, limit: int) -> list[Attachment]:
        return await self._database.scan(
            lambda connection: ATTACHMENTS.all(connection, _UNINDEXED, (created_before, limit))
        )

    async def due_fetches(self, now: float, limit: int) -> list[Attachment]:
        return await self._database.scan(lambda connection: ATTACHMENTS.all(connection, _DUE_FETCHES, (now, limit)))
