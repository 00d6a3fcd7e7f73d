"""Conversations on their way out, piece by piece: memory holds a page of messages, however long they are."""

from collections.abc import AsyncIterator, Awaitable, Callable

from tokenline.contracts.attachments import Attachment
from tokenline.contracts.base import to_json
from tokenline.contracts.chat import Conversation, Message
from tokenline.contracts.export import VERSION
from tokenline.contracts.ids import AttachmentId, MessageId, UserId
from tokenline.core.clock import Clock
from tokenline.core.export import ParentsFirst, exported, heading
from tokenline.core.markdown_export import beginning, section
from tokenline.core.ports.store import MessagePage, Store
from tokenline.runtime.agents import Agents

PAGE = 50
Fetch = Callable[[str | None], Awaitable[MessagePage]]


class Exports:
    def __init__(self, store: Store, agents: Agents, clock: Clock) -> None:
        self._store = store
        self._agents = agents
        self._clock = clock

    async def one(self, conversation: Conversation) -> AsyncIterator[bytes]:
        yield self._opening()
        async for piece in self._conversation(conversation):
            yield piece
        yield b"]}"

    async def all(self, owner: UserId) -> AsyncIterator[bytes]:
        """Archived ones too; temporary ones not."""
        yield self._opening()
        first, cursor = True, None
        while True:
            page = await self._store.list_conversations(owner, cursor=cursor, limit=PAGE)
            for conversation in page.items:
                if not first:
                    yield b","
                first = False
                async for piece in self._conversation(conversation):
                    yield piece
            cursor = page.next
            if cursor is None:
                break
        yield b"]}"

    async def markdown(self, conversation: Conversation) -> AsyncIterator[bytes]:
        """The current path."""
        known = [agent for agent in self._agents.all if agent.id == conversation.agent_id]
        agent = known[0].name if known else conversation.agent_id
        yield beginning(conversation, agent, self._clock.now()).encode()

        async def fetch(cursor: str | None) -> MessagePage:
            return await self._store.path(conversation.id, cursor=cursor, limit=PAGE)

        async for messages in oldest_first(fetch):
            files = await self._files(messages)
            for message in messages:
                yield section(message, agent, files).encode()

    def _opening(self) -> bytes:
        at = round(self._clock.now(), 3)
        return f'{{"format":"tokenline.conversations","version":{VERSION},"exported_at":{at},"conversations":['.encode()

    async def _conversation(self, conversation: Conversation) -> AsyncIterator[bytes]:
        async def fetch(cursor: str | None) -> MessagePage:
            return await self._store.messages(conversation.id, cursor=cursor, limit=PAGE)

        known: list[MessageId] = []
        cursor: str | None = None
        while True:
            page = await fetch(cursor)
            known += [message.id for message in page.items]
            if (cursor := page.next) is None:
                break
        shown = await self._store.path(conversation.id, limit=1)
        # All but the end of an empty list.
        yield to_json(heading(conversation, shown.items[-1].id if shown.items else None)).removesuffix(b"]}")
        order, first = ParentsFirst(known), True
        files: dict[AttachmentId, Attachment] = {}
        async for messages in oldest_first(fetch):
            files |= await self._files(messages)
            for message in messages:
                for one, parent_id in order.take(message):
                    yield (b"" if first else b",") + to_json(exported(one, parent_id, files))
                    first = False
        yield b"]}"

    async def _files(self, messages: tuple[Message, ...]) -> dict[AttachmentId, Attachment]:
        wanted = {file_id for message in messages for file_id in message.attachment_ids}
        return {file.id: file for file in await self._store.attachments(sorted(wanted))} if wanted else {}


async def oldest_first(fetch: Fetch) -> AsyncIterator[tuple[Message, ...]]:
    """Pages that lead from the newest back, in the other order: their cursors first."""
    cursors: list[str | None] = [None]
    while (further := (await fetch(cursors[-1])).next) is not None:
        cursors.append(further)
    for cursor in reversed(cursors):
        yield (await fetch(cursor)).items
