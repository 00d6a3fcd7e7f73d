"""Attachments, and how a question takes them into its conversation."""

import sqlite3
from collections.abc import Sequence

from msgspec.structs import replace

from tokenline.adapters.store_sqlite.documents import Documents, as_list, encode
from tokenline.adapters.store_sqlite.part import Part
from tokenline.contracts.attachments import Attachment, AttachmentState
from tokenline.contracts.chat import Message
from tokenline.contracts.errors import Conflict
from tokenline.contracts.ids import AttachmentId, ConversationId
from tokenline.core.access import owned_by

ATTACHMENTS = Documents(Attachment)

_READ = frozenset({AttachmentState.INDEXED, AttachmentState.FAILED})

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


def bind_attachments(connection: sqlite3.Connection, question: Message) -> bool:
    """Take the question's attachments into its conversation; True when one of them is still being read.

    Raises `NotFound` when one is not the owner's and `Conflict` when one belongs to another conversation.
    """
    indexing = False
    for attachment_id in question.attachment_ids:
        attachment = owned_by(question.owner_id, _get(connection, attachment_id))
        indexing |= attachment.state not in _READ
        if attachment.conversation_id == question.conversation_id:
            continue
        if attachment.conversation_id is not None:
            raise Conflict("This file belongs to another conversation.", attachment_id=attachment_id)
        bound = replace(attachment, conversation_id=question.conversation_id, version=attachment.version + 1)
        _replace(connection, bound)
    return indexing


class Attachments(Part):
    async def add_attachment(self, attachment: Attachment) -> None:
        await self._database.execute(_INSERT, *_columns(attachment), attachment.id, attachment.created_at)

    async def get_attachment(self, attachment_id: AttachmentId) -> Attachment | None:
        return await self._database.read(lambda connection: _get(connection, attachment_id))

    async def replace_attachment(self, attachment: Attachment) -> bool:
        return await self._database.write(lambda connection: _replace(connection, attachment))

    async def delete_attachment(self, attachment_id: AttachmentId) -> None:
        await self._database.execute("DELETE FROM attachments WHERE id = ?", attachment_id)

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
        return await self._database.read(
            lambda connection: ATTACHMENTS.all(connection, _OF_CONVERSATION, (conversation_id,))
        )

    async def unindexed_attachments(self, created_before: float, limit: int) -> list[Attachment]:
        return await self._database.scan(
            lambda connection: ATTACHMENTS.all(connection, _UNINDEXED, (created_before, limit))
        )
