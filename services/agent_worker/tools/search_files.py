"""The tool ``search_files``: passages of this conversation's attachments, as ``…/query`` finds them."""

from collections.abc import Sequence
from typing import Annotated, Any

from msgspec import Meta

from services.agent_worker.tools.arguments import Arguments, arguments_as, parameters_of
from tokenline.contracts.attachments import Passage, SearchRequest
from tokenline.contracts.errors import SearchUnavailable
from tokenline.contracts.tickets import Ticket
from tokenline.contracts.tools import SEARCH_FILES
from tokenline.core.passages import render
from tokenline.core.ports.search import Search
from tokenline.core.ports.tool import BadArguments, ToolFailed, ToolResult
from tokenline.core.sources import Sources

NOTHING = "Nothing was found in the files of this conversation. Other words may find more."
NO_ROOM = "No room is left for more passages: answer with those that you have."


class Wanted(Arguments, frozen=True):
    query: Annotated[
        str, Meta(min_length=1, max_length=1000, description="What to look for: a question, or the words to be found.")
    ]
    limit: Annotated[int, Meta(ge=1, le=10, description="How many passages at most.")] = 5


class SearchFiles:
    """Whose files are searched is the ticket's, never the model's to say."""

    name = SEARCH_FILES
    description = (
        "Search the files that the user attached to this conversation. Answers with the passages that fit best, each "
        "with a number, its file and its page. Name the ones that you use by their numbers, as in [3]."
    )
    parameters = parameters_of(Wanted)

    def __init__(self, search: Search, ticket: Ticket, sources: Sources) -> None:
        self._search = search
        self._ticket = ticket
        self._sources = sources

    async def call(self, arguments: dict[str, Any], room: int) -> ToolResult:
        wanted = arguments_as(Wanted, arguments)
        if not wanted.query.strip():
            raise BadArguments("The arguments do not fit: `query` is empty.")
        request = SearchRequest(
            owner_id=self._ticket.owner_id,
            conversation_id=self._ticket.conversation_id,
            query=wanted.query,
            top_k=wanted.limit,
        )
        try:
            found = await self._search.passages(request)
        except SearchUnavailable:
            raise ToolFailed("The files cannot be searched at the moment.") from None
        if not found:
            return ToolResult(content=NOTHING, summary="nothing found")
        return self._given(found, room)

    def _given(self, found: Sequence[Passage], room: int) -> ToolResult:
        """As many of the best as there is room for; only those get a number."""
        kept = tuple(found)
        while kept:
            content = render(kept, self._sources.numbers(kept))
            if len(content.encode()) <= room:
                for passage in kept:
                    self._sources.number(passage)
                return ToolResult(content=content, summary=f"{len(kept)} passage{'s' if len(kept) > 1 else ''}")
            kept = kept[:-1]
        raise ToolFailed(NO_ROOM)
