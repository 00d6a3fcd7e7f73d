"""Conversations as a whole: found, shared, taken out and in. Over REST."""

from tokenline.client.credentials import Credentials
from tokenline.client.http import Http
from tokenline.contracts.base import to_json
from tokenline.contracts.export import Export, ImportReport
from tokenline.contracts.ids import ConversationId, ShareId
from tokenline.contracts.search import SearchPage
from tokenline.contracts.shares import Share, SharePage

CHAT = "/api/v1/chat"


class Library:
    """Each raises `NotFound` for what is not the caller's."""

    def __init__(self, http: Http, credentials: Credentials) -> None:
        self._http = http
        self._credentials = credentials

    async def search(self, q: str, *, cursor: str | None = None, limit: int = 20) -> SearchPage:
        """Titles, then messages, of each the latest first. ``highlights`` are slices of ``snippet``."""
        asked = {"q": q, "limit": limit} | ({} if cursor is None else {"cursor": cursor})
        return await self._http.call("GET", f"{CHAT}/search", SearchPage, self._credentials, params=asked)

    async def export(self, conversation_id: ConversationId | None = None) -> Export:
        """One conversation, or (``None``) all, in memory. To be kept with `msgspec.json.encode`."""
        path = f"{CHAT}/export" if conversation_id is None else f"{CHAT}/conversations/{conversation_id}/export"
        return await self._http.call("GET", path, Export, self._credentials)

    async def take_in(self, export: Export) -> ImportReport:
        """At any account of any installation; the same again changes nothing. Raises `BadRequest`, `TooLarge`."""
        body = to_json(export)
        return await self._http.call(
            "POST", f"{CHAT}/import", ImportReport, self._credentials, again=True, content=body
        )

    async def share(self, conversation_id: ConversationId) -> Share:
        """A link, ``/s/<token>``, to the conversation as it is now; the same one until something new was said."""
        path = f"{CHAT}/conversations/{conversation_id}/share"
        return await self._http.call("POST", path, Share, self._credentials, again=True)

    async def shares(self, conversation_id: ConversationId | None = None) -> tuple[Share, ...]:
        asked = {} if conversation_id is None else {"conversation_id": conversation_id}
        page = await self._http.call("GET", f"{CHAT}/shares", SharePage, self._credentials, params=asked)
        return page.items

    async def revoke_share(self, share_id: ShareId) -> None:
        """Whoever has the link finds nothing from then on."""
        await self._http.call("DELETE", f"{CHAT}/shares/{share_id}", type(None), self._credentials)
