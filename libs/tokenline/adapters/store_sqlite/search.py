"""Search: the index of words (FTS5) for messages, a look at each for titles."""

import sqlite3

from tokenline.adapters.store_sqlite.chat import CONVERSATIONS, MESSAGES
from tokenline.adapters.store_sqlite.part import Part
from tokenline.contracts.chat import Conversation
from tokenline.contracts.ids import UserId
from tokenline.core.paging import decode_cursor, encode_cursor
from tokenline.core.ports.store.search import Found, FoundPage
from tokenline.core.search import Term, Terms

_MAX_SEQ = 2**63 - 1
_TIDY_PAGES = 64

# The owner is a word of the index, too: what is read is what is the owner's. The join asks once more.
_FIND = """
    SELECT messages.seq, messages.doc, conversations.doc
    FROM search CROSS JOIN messages ON messages.seq = search.rowid
    CROSS JOIN conversations ON conversations.id = messages.conversation_id
    WHERE search MATCH ? AND search.rowid < ? AND messages.owner_id = ? AND conversations.temporary = 0
    ORDER BY search.rowid DESC LIMIT ?
"""
# Temporary ones have no words.
_TITLED = "SELECT doc FROM conversations INDEXED BY conversations_of_owner WHERE owner_id = ?"


def _expression(owner: UserId, terms: Terms) -> str:
    """In the index's language; words are quoted, so that nothing a user typed is part of it."""
    wanted = " AND ".join(map(_of_term, terms.wanted))
    unwanted = "".join(f" NOT ({_of_term(term)})" for term in terms.unwanted)
    return f'owner : "{owner.replace("-", "")}" AND (({wanted}){unwanted})'


def _of_term(term: Term) -> str:
    return f'words : "{" ".join(term.words)}"{" *" if term.open else ""}'


class Search(Part):
    async def search_messages(
        self, owner: UserId, terms: Terms, *, cursor: str | None = None, limit: int = 20
    ) -> FoundPage:
        before = _MAX_SEQ if cursor is None else min(decode_cursor(cursor, int), _MAX_SEQ)
        parameters = (_expression(owner, terms), before, owner, limit + 1)
        rows = await self._database.scan(lambda connection: connection.execute(_FIND, parameters).fetchall())
        items = tuple(
            Found(message=MESSAGES.of([message])[0], conversation=CONVERSATIONS.of([conversation])[0])
            for _, message, conversation in rows[:limit]
        )
        return FoundPage(items=items, next=encode_cursor(rows[limit - 1][0]) if len(rows) > limit else None)

    async def search_titles(self, owner: UserId, terms: Terms, *, limit: int = 20) -> list[Conversation]:
        has, has_not = " AND instr(title_words, ?) > 0", " AND instr(title_words, ?) = 0"
        conditions = has * len(terms.wanted) + has_not * len(terms.unwanted)
        needles = [term.needle for term in (*terms.wanted, *terms.unwanted)]
        sql = f"{_TITLED}{conditions} ORDER BY updated_at DESC, id DESC LIMIT ?"
        return await self._database.scan(lambda db: CONVERSATIONS.all(db, sql, (owner, *needles, limit)))

    async def tidy_search(self) -> bool:
        """Old segments keep the words of deleted rows until they are merged; merged pages are overwritten."""

        def work(connection: sqlite3.Connection) -> bool:
            forgot = connection.execute("SELECT value FROM counters WHERE name = 'search_forgot'").fetchone()[0]
            if not forgot:
                return False
            before = connection.total_changes
            connection.execute("INSERT INTO search (search, rank) VALUES ('merge', ?)", (-_TIDY_PAGES,))
            # As FTS5's documentation has it: fewer than two changes, and there was nothing left to merge.
            if connection.total_changes - before >= 2:
                return True
            connection.execute("UPDATE counters SET value = value - ? WHERE name = 'search_forgot'", (forgot,))
            return False

        return await self._database.write(work)
