"""What a user finds among their own conversations: titles, then messages."""

from tokenline.contracts.chat import Conversation
from tokenline.contracts.search import SearchHit, SearchPage
from tokenline.core.ports.store import Found, Store
from tokenline.core.search import Terms, parse_query, snippet
from tokenline.runtime.auth.principal import Principal

TITLES = 10


async def search(store: Store, asker: Principal, query: str, *, cursor: str | None, limit: int) -> SearchPage:
    """Titles on the first page only, beside ``limit`` messages. Raises `BadRequest`: not our cursor."""
    terms = parse_query(query)
    if terms is None:
        return SearchPage(items=(), next=None)
    found = await store.search_messages(asker.user_id, terms, cursor=cursor, limit=limit)
    titled = [] if cursor else await store.search_titles(asker.user_id, terms, limit=TITLES)
    hits = [*(_by_title(it, terms) for it in titled), *(_by_text(it, terms) for it in found.items)]
    return SearchPage(items=tuple(hits), next=found.next)


def _by_title(conversation: Conversation, terms: Terms) -> SearchHit:
    shown = snippet(conversation.title, terms, limit=len(conversation.title))
    return SearchHit(
        conversation_id=conversation.id,
        title=conversation.title,
        agent_id=conversation.agent_id,
        archived=conversation.archived,
        message_id=None,
        role=None,
        snippet=shown.text,
        highlights=shown.highlights,
        created_at=conversation.updated_at,
    )


def _by_text(found: Found, terms: Terms) -> SearchHit:
    message, conversation = found.message, found.conversation
    shown = snippet(message.content, terms)
    return SearchHit(
        conversation_id=conversation.id,
        title=conversation.title,
        agent_id=conversation.agent_id,
        archived=conversation.archived,
        message_id=message.id,
        role="user" if message.role == "user" else "assistant",
        snippet=shown.text,
        highlights=shown.highlights,
        created_at=message.created_at,
    )
