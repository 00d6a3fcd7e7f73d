"""Indexes, and the version of what the documents look like.

Fields that the line is searched by exist only while they matter (`tickets.line`, `unconfirmed`, `dead`, `due`,
`unsettled`), and their indexes are sparse: they hold the line, not the history. Partial indexes would say it more
directly, but FerretDB has none.
"""

from collections.abc import Mapping, Sequence

from pymongo import ASCENDING, DESCENDING, IndexModel

from tokenline.adapters.store_mongo.database import Collection, Collections
from tokenline.adapters.store_mongo.documents import insert_new
from tokenline.adapters.store_mongo.search import fill_in
from tokenline.adapters.store_mongo.upgrade import name_owners_of_files, name_users_of_sign_ins, note_unsent_files
from tokenline.contracts.errors import Misconfigured

VERSION = 5

_UP, _DOWN = ASCENDING, DESCENDING
_Keys = Sequence[tuple[str, int]]

_INDEXES: Mapping[str, Sequence[_Keys]] = {
    "tickets": (
        [("conversation_id", _UP)],
        [("line.owner_id", _UP), ("line.state", _UP)],
        [("line.pool", _UP)],
        [("line.deadline_at", _UP)],
        [("line.due_at", _UP)],
        [("line.lease", _UP)],
        [(f"line.queued.{field}", _UP) for field in ("pool", "priority", "level_at", "seq")],
        [("unconfirmed.priority", _DOWN), ("unconfirmed.seq", _UP), ("unconfirmed.level_at", _UP)],
        [("dead.at", _DOWN), ("dead.id", _DOWN)],
        [("due.at", _UP)],
        [("due.owner_id", _UP)],
        [("unsettled.at", _UP)],
        [("delivery.due_at", _UP)],
        [("delivery.webhook_id", _UP), ("delivery.created_at", _DOWN), ("delivery.id", _DOWN)],
    ),
    "conversations": (
        [("owner_id", _UP), ("updated_at", _DOWN), ("_id", _DOWN)],
        [("deleted_at", _UP)],
        [("temporary", _UP), ("updated_at", _UP)],
    ),
    "messages": (
        [("conversation_id", _UP), ("seq", _UP)],
        [("branch_id", _UP), ("depth", _UP)],
        [("conversation_id", _UP), ("stands_for", _UP)],
        [("feedback.at", _DOWN), ("feedback.id", _DOWN)],
        [("owner_id", _UP), ("seq", _DOWN)],
    ),
    "branches": ([("conversation_id", _UP)],),
    "shares": ([("owner_id", _UP)], [("conversation_id", _UP)]),
    "attachments": (
        [("conversation_id", _UP), ("created_at", _UP)],
        [("unread_since", _UP)],
        [("fetch_due_at", _UP)],
        [("owner_id", _UP)],
        [("due.at", _UP)],
        [("due.owner_id", _UP)],
        [("state", _UP), ("index_no", _UP)],
        [("content", _UP)],
        [("unsent_since", _UP)],
        [("expired_at", _UP)],
    ),
    "uploads": ([("owner_id", _UP)], [("expires_at", _UP)]),
    "users": ([("role", _UP)],),
    "refresh_tokens": ([("expires_at", _UP)], [("user_id", _UP)]),
    "refresh_families": ([("expires_at", _UP)], [("user_id", _UP)]),
    "api_keys": ([("user_id", _UP)],),
    "audit": ([("number", _DOWN)],),
    "erasures": ([("asked_at", _UP)],),
    "identities": ([("user_id", _UP)],),
    "leases": ([("expires_at", _UP)],),
    "webhooks": ([("owner_id", _UP)],),
    "used": ([("over_at", _UP)],),
}
_UNIQUE: Mapping[str, str] = {
    "tickets": "asked_as",
    "messages": "place",
    "users": "email",
    "api_keys": "hash",
    "shares": "token",
    "webhooks": "place",
}


async def migrate(db: Collections) -> int:
    """Make what is missing; safe in several processes at once. Returns the version that was found.

    Raises `Misconfigured` when a newer version of Tokenline has written the database.
    """
    found = await db.schema.find_one({"_id": "schema"})
    version: int = 0 if found is None else found["version"]
    if version > VERSION:
        raise Misconfigured(f"The store has schema {version}; this version knows {VERSION}.")
    if version < VERSION:
        for name, indexes in _INDEXES.items():
            unique = [IndexModel([(_UNIQUE[name], _UP)], unique=True, sparse=True)] if name in _UNIQUE else []
            plain = [IndexModel(list(keys), sparse=True) for keys in indexes]
            await _create_missing(getattr(db, name), unique + plain)
        await insert_new(db.counters, {"_id": "seq", "value": 0})
        await name_users_of_sign_ins(db)
        await fill_in(db)
        await name_owners_of_files(db)
        await note_unsent_files(db)
    return version


async def _create_missing(collection: Collection, indexes: Sequence[IndexModel]) -> None:
    """To be asked for those that are there ends FerretDB 1.24 on a collection with many."""
    there = await collection.index_information()
    if missing := [index for index in indexes if index.document["name"] not in there]:
        await collection.create_indexes(missing)


async def migrated(db: Collections) -> None:
    """All documents are as this version has them."""
    await db.schema.update_one({"_id": "schema"}, {"$max": {"version": VERSION}}, upsert=True)
