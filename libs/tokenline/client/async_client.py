"""`AsyncTokenline`: one account at one or several gateways."""

import os
from collections.abc import Callable, Sequence
from os import PathLike
from typing import Self

from tokenline.client.answers import Answers
from tokenline.client.chat import Chat
from tokenline.client.conversations import Conversations
from tokenline.client.credentials import Credentials, Fixed, SignIn
from tokenline.client.http import Http
from tokenline.client.library import Library
from tokenline.client.link import State
from tokenline.client.models import AgentInfo, Answer, Page, PoolStatus
from tokenline.client.reconnect import Addresses
from tokenline.client.tickets import Tickets
from tokenline.client.uploads import OnProgress, Uploads
from tokenline.client.watch import Watch
from tokenline.contracts.accounts import TokenPair
from tokenline.contracts.attachments import Attachment
from tokenline.contracts.errors import NotSignedIn, TokenlineError
from tokenline.contracts.files import FileLink
from tokenline.contracts.ids import AgentId, AttachmentId, ConversationId

BASE_URL = "http://127.0.0.1:8080"


class AsyncTokenline:
    """``async with AsyncTokenline(base_url, api_key=…) as client``.

    ``base_url``: one gateway or several, any of which can serve anybody; default ``TOKENLINE_BASE_URL`` (several:
    spaces between), or else `BASE_URL`. One of ``api_key``, ``access_token`` (renewed by nobody) or ``email`` with
    ``password`` (renewed as long as it is used, signed out when closed); default ``TOKENLINE_API_KEY``. Raises
    `NotSignedIn` without any.

    ``timeout_s``: of a REST call. ``connect_s``: until the first connection. ``patience_s``: how long a chat
    connection or an upload goes on trying after it broke.
    """

    def __init__(
        self,
        base_url: str | Sequence[str] | None = None,
        *,
        api_key: str | None = None,
        access_token: str | None = None,
        email: str | None = None,
        password: str | None = None,
        timeout_s: float = 30.0,
        connect_s: float = 10.0,
        patience_s: float = 120.0,
    ) -> None:
        self._http = Http(
            Addresses(base_url or os.environ.get("TOKENLINE_BASE_URL", "").split() or BASE_URL), timeout_s
        )
        self._sign_in: SignIn | None = None
        self._credentials = self._who(api_key, access_token, email, password)
        self._times = {"connect_s": connect_s, "patience_s": patience_s}
        self._uploads = Uploads(self._http, self._credentials, patience_s)
        self.conversations = Conversations(self._http, self._credentials)
        self.library = Library(self._http, self._credentials)
        self.tickets = Tickets(self._http, self._credentials)
        self.answers = Answers(self._http, self._credentials)

    # ── asking ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def connect(self, *, on_state: Callable[[State], None] | None = None) -> Chat:
        """A chat connection, for ``async with``. ``on_state`` hears of it breaking and coming back; streams go on."""
        return Chat(self._http, self._credentials, **self._times, on_state=on_state)

    def follow(self, conversation_id: ConversationId, *, on_state: Callable[[State], None] | None = None) -> Watch:
        """A connection that tells all that happens in one conversation, for ``async with``."""
        return Watch(self._http, self._credentials, conversation_id, **self._times, on_state=on_state)

    async def ask(
        self,
        content: str,
        *,
        conversation_id: ConversationId | None = None,
        agent_id: AgentId | None = None,
        attachment_ids: Sequence[AttachmentId] = (),
        client_message_id: str | None = None,
    ) -> Answer:
        """Ask, wait in line, and return the whole answer, however long that takes.

        Raises the `TokenlineError` that ended the ticket. Cancelling it leaves the ticket in the line.
        """
        async with self.connect() as chat:
            stream = chat.send(
                content,
                conversation_id=conversation_id,
                agent_id=agent_id,
                attachment_ids=attachment_ids,
                client_message_id=client_message_id,
            )
            return await stream.answer()

    async def upload(
        self,
        path: str | PathLike[str],
        *,
        conversation_id: ConversationId | None = None,
        on_progress: OnProgress | None = None,
        wait: bool = True,
    ) -> Attachment:
        """Send a file, to be named in ``attachment_ids``; see `Uploads.add`."""
        return await self._uploads.add(path, conversation_id=conversation_id, on_progress=on_progress, wait=wait)

    async def add_url(
        self,
        url: str,
        *,
        conversation_id: ConversationId | None = None,
        on_progress: OnProgress | None = None,
        wait: bool = True,
    ) -> Attachment:
        """Attach a page of the web, to be named in ``attachment_ids``; see `Uploads.add_url`."""
        return await self._uploads.add_url(url, conversation_id=conversation_id, on_progress=on_progress, wait=wait)

    async def link(self, attachment_id: AttachmentId) -> FileLink:
        """An address at which whoever has it can download the file, for 24 hours."""
        return await self._uploads.link(attachment_id)

    # ── before asking ────────────────────────────────────────────────────────────────────────────────────────────────

    async def queue_status(self) -> tuple[PoolStatus, ...]:
        """How long each pool's line is, and how long a question asked now would wait."""
        page = await self._http.call("GET", "/api/v1/queue/status", Page[PoolStatus], self._credentials)
        return page.items

    async def agents(self, *, capability: str | None = None) -> tuple[AgentInfo, ...]:
        params = {"capability": capability} if capability else None
        page = await self._http.call("GET", "/api/v1/agents", Page[AgentInfo], self._credentials, params=params)
        return page.items

    # ── who, and until when ──────────────────────────────────────────────────────────────────────────────────────────

    async def close(self) -> None:
        """Signs out where it signed in. Chat connections are closed by their own blocks."""
        try:
            if self._sign_in is not None:
                await self._sign_in.end(self._post_nothing)
        except TokenlineError:
            pass  # nobody there to sign out at: the sign-in runs out by itself
        finally:
            await self._http.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def _who(
        self, api_key: str | None, access_token: str | None, email: str | None, password: str | None
    ) -> Credentials:
        if email is not None and password is not None:
            self._sign_in = SignIn(self._post_tokens, email, password)
            return self._sign_in
        token = api_key or access_token or os.environ.get("TOKENLINE_API_KEY")
        if not token:
            raise NotSignedIn("Give an API key (api_key=… or TOKENLINE_API_KEY), or email=… and password=….")
        return Fixed(token)

    async def _post_tokens(self, path: str, body: dict[str, str]) -> TokenPair:
        return await self._http.call("POST", path, TokenPair, json=body)

    async def _post_nothing(self, path: str, body: dict[str, str]) -> None:
        await self._http.call("POST", path, type(None), json=body)
