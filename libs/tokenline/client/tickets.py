"""Tickets over REST: look, stop, edit."""

from tokenline.client.credentials import Credentials
from tokenline.client.http import Http
from tokenline.client.models import Posted, TicketView
from tokenline.contracts.chat import Message
from tokenline.contracts.ids import MessageId, TicketId

PATH = "/api/v1/chat/tickets"


class Tickets:
    """Each raises `NotFound` for a ticket that is not the caller's."""

    def __init__(self, http: Http, credentials: Credentials) -> None:
        self._http = http
        self._credentials = credentials

    async def get(self, ticket_id: TicketId) -> TicketView:
        """Where it stands, and its answer once it has ended."""
        return await self._http.call("GET", f"{PATH}/{ticket_id}", TicketView, self._credentials)

    async def stop(self, ticket_id: TicketId) -> TicketView:
        """Stop it at whatever stage, wherever it was asked. Nothing happens to one that has ended."""
        return await self._http.call("POST", f"{PATH}/{ticket_id}/cancel", TicketView, self._credentials, again=True)

    async def retry(self, message_id: MessageId) -> TicketView:
        """Another answer to a question, named by itself or by an answer to it. One under way is returned."""
        path = f"/api/v1/chat/messages/{message_id}/retry"
        return (await self._http.call("POST", path, Posted, self._credentials)).ticket

    async def edit(self, ticket_id: TicketId, content: str) -> Message:
        """Another text while it waits; it keeps its place. Raises `TooLate` once a worker has it."""
        posted = await self._http.call(
            "PATCH", f"{PATH}/{ticket_id}", Posted, self._credentials, again=True, json={"content": content}
        )
        return posted.message
