"""All that happens in one conversation, whoever asks there."""

import asyncio
from collections.abc import Callable
from typing import Self

from tokenline.client.chat import Chat
from tokenline.client.credentials import Credentials
from tokenline.client.follow import Event, Follow
from tokenline.client.http import Http
from tokenline.client.link import State
from tokenline.contracts import frames as f
from tokenline.contracts.ids import ConversationId


class Watch(Chat):
    """``async with client.follow(conversation_id) as watch: async for event in watch``, without an end.

    Events name their ticket. One that fails is told by an `Error` event and ends only itself. Tickets that are live at
    the beginning are told from their first character. What was asked *and* answered while this was cut off is not told
    afterwards: read the conversation for that. Questions of its own (`send`) have their own streams.
    """

    def __init__(
        self,
        http: Http,
        credentials: Credentials,
        conversation_id: ConversationId,
        *,
        connect_s: float,
        patience_s: float,
        on_state: Callable[[State], None] | None = None,
    ) -> None:
        self._path = f"/ws/chat/{conversation_id}"
        self._news = asyncio.Event()
        self._adopted: list[Follow] = []
        super().__init__(http, credentials, connect_s=connect_s, patience_s=patience_s, on_state=on_state)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event | f.Error:
        """Raises what ended the connection."""
        while True:
            self._news.clear()
            for follow in list(self._adopted):
                if (event := follow.take()) is not None:
                    return event
                if follow.ended:
                    self._adopted.remove(follow)
                    if follow.error is not None and follow.error is not self._failure:
                        return f.Error(ticket_id=follow.ticket_id, error=follow.error.info(), retry=True)
            self._check_open()
            await self._news.wait()

    def _become(self, state: State) -> None:
        super()._become(state)
        self._news.set()

    def _adopt(self) -> Follow | None:
        follow = Follow(self._news.set)
        self._adopted.append(follow)
        return follow
