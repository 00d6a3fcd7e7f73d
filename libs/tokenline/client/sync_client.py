"""`Tokenline`: the same client for programs without an event loop.

A thin bridge, not a second client: one background thread runs an event loop with an `AsyncTokenline` in it, and every
call here runs there while the caller waits. Ctrl-C in the waiting thread cancels the call. Callbacks (``on_state``,
``on_progress``) are called in the background thread. May be used from several threads.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from os import PathLike
from typing import Any, ParamSpec, Self, TypeVar

from anyio.from_thread import BlockingPortal, start_blocking_portal

from tokenline.client.async_client import AsyncTokenline
from tokenline.client.chat import Chat
from tokenline.client.follow import Event
from tokenline.client.link import State
from tokenline.client.models import AgentInfo, Answer, Page, PoolStatus, TicketView
from tokenline.client.stream import AnswerStream
from tokenline.client.uploads import OnProgress
from tokenline.client.watch import Watch
from tokenline.contracts import frames as f
from tokenline.contracts.attachments import Attachment
from tokenline.contracts.chat import Conversation, Message
from tokenline.contracts.export import Export, ImportReport
from tokenline.contracts.feedback import Feedback, Rating
from tokenline.contracts.files import FileLink
from tokenline.contracts.ids import AttachmentId, ConversationId, MessageId, ShareId, TicketId
from tokenline.contracts.search import SearchPage
from tokenline.contracts.shares import Share

P = ParamSpec("P")
T = TypeVar("T")


class _Loop:
    """The background thread."""

    def __init__(self, portal: BlockingPortal) -> None:
        self._portal = portal

    def run(self, call: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        async def there() -> T:
            return await call(*args, **kwargs)

        future = self._portal.start_task_soon(there)
        try:
            return future.result()
        except BaseException:
            # Interrupted here: nobody waits for what is going on there.
            future.cancel()
            raise

    def now(self, call: Callable[[], T]) -> T:
        """What must run in the loop's thread but waits for nothing."""

        async def there() -> T:
            return call()

        return self.run(there)

    def entered(self, there: Any) -> AbstractContextManager[Any]:
        return self._portal.wrap_async_context_manager(there)


class Tokenline:
    """``with Tokenline(base_url, api_key=…) as client``; arguments and calls are those of `AsyncTokenline`.

    Use ``with``, or call `close`: the background thread ends then.
    """

    def __init__(self, base_url: str | Sequence[str] | None = None, **options: Any) -> None:
        self._stack = ExitStack()
        portal = self._stack.enter_context(start_blocking_portal("asyncio", name="tokenline"))
        self._loop = _Loop(portal)
        try:
            self._client = self._loop.now(lambda: AsyncTokenline(base_url, **options))
        except BaseException:
            self._stack.close()
            raise
        self.conversations = SyncConversations(self._loop, self._client)
        self.library = SyncLibrary(self._loop, self._client)
        self.tickets = SyncTickets(self._loop, self._client)
        self.answers = SyncAnswers(self._loop, self._client)

    def connect(self, *, on_state: Callable[[State], None] | None = None) -> "SyncChat":
        """For ``with``; see `AsyncTokenline.connect`."""
        return SyncChat(self._loop, self._loop.now(lambda: self._client.connect(on_state=on_state)))

    def follow(
        self, conversation_id: ConversationId, *, on_state: Callable[[State], None] | None = None
    ) -> "SyncWatch":
        """For ``with``; see `AsyncTokenline.follow`."""
        return SyncWatch(self._loop, self._loop.now(lambda: self._client.follow(conversation_id, on_state=on_state)))

    def ask(self, content: str, **options: Any) -> Answer:
        """See `AsyncTokenline.ask`."""
        return self._loop.run(self._client.ask, content, **options)

    def upload(self, path: str | PathLike[str], *, on_progress: OnProgress | None = None, **options: Any) -> Attachment:
        """See `AsyncTokenline.upload`."""
        return self._loop.run(self._client.upload, path, on_progress=on_progress, **options)

    def add_url(self, url: str, *, on_progress: OnProgress | None = None, **options: Any) -> Attachment:
        """See `AsyncTokenline.add_url`."""
        return self._loop.run(self._client.add_url, url, on_progress=on_progress, **options)

    def link(self, attachment_id: AttachmentId) -> FileLink:
        """See `AsyncTokenline.link`."""
        return self._loop.run(self._client.link, attachment_id)

    def queue_status(self) -> tuple[PoolStatus, ...]:
        return self._loop.run(self._client.queue_status)

    def agents(self, **options: Any) -> tuple[AgentInfo, ...]:
        return self._loop.run(self._client.agents, **options)

    def close(self) -> None:
        with self._stack:
            self._loop.run(self._client.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class SyncChat:
    """See `Chat`."""

    def __init__(self, loop: _Loop, chat: Chat) -> None:
        self._loop = loop
        self._chat = chat
        self._entered = loop.entered(chat)

    @property
    def state(self) -> State:
        return self._chat.state

    def send(self, content: str, **options: Any) -> "SyncStream":
        """See `Chat.send`."""
        return SyncStream(self._loop, self._loop.now(lambda: self._chat.send(content, **options)))

    def retry(self, message_id: MessageId) -> "SyncStream":
        """See `Chat.retry`."""
        return SyncStream(self._loop, self._loop.run(self._chat.retry, message_id))

    def resume(self, ticket_id: TicketId, attempt: int = 0, offset: int = 0) -> "SyncStream":
        """See `Chat.resume`."""
        return SyncStream(self._loop, self._loop.run(self._chat.resume, ticket_id, attempt, offset))

    def __enter__(self) -> Self:
        self._entered.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._entered.__exit__(*error)


class SyncWatch(SyncChat):
    """See `Watch`: ``for event in watch``."""

    def __init__(self, loop: _Loop, watch: Watch) -> None:
        super().__init__(loop, watch)
        self._watch = watch

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Event | f.Error:
        return self._loop.run(self._watch.__anext__)


class SyncStream:
    """See `AnswerStream`: ``for event in stream``."""

    def __init__(self, loop: _Loop, stream: AnswerStream) -> None:
        self._loop = loop
        self._stream = stream

    @property
    def ticket_id(self) -> TicketId | None:
        return self._stream.ticket_id

    @property
    def conversation_id(self) -> ConversationId | None:
        return self._stream.conversation_id

    @property
    def text(self) -> str:
        return self._stream.text

    @property
    def cursor(self) -> tuple[int, int]:
        return self._stream.cursor

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Event:
        try:
            return self._loop.run(self._stream.__anext__)
        except StopAsyncIteration:
            raise StopIteration from None

    def accepted(self) -> TicketId:
        return self._loop.run(self._stream.accepted)

    def stop(self) -> None:
        self._loop.run(self._stream.stop)

    def edit(self, content: str) -> Message:
        return self._loop.run(self._stream.edit, content)

    def answer(self) -> Answer:
        return self._loop.run(self._stream.answer)

    def close(self) -> None:
        self._loop.run(self._stream.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class SyncConversations:
    """See `Conversations`."""

    def __init__(self, loop: _Loop, client: AsyncTokenline) -> None:
        self._loop = loop
        self._all = client.conversations

    def create(self, **options: Any) -> Conversation:
        return self._loop.run(self._all.create, **options)

    def list(self, **options: Any) -> Page[Conversation]:
        return self._loop.run(self._all.list, **options)

    def get(self, conversation_id: ConversationId) -> Conversation:
        return self._loop.run(self._all.get, conversation_id)

    def update(self, conversation_id: ConversationId, **options: Any) -> Conversation:
        return self._loop.run(self._all.update, conversation_id, **options)

    def switch(self, conversation_id: ConversationId, message_id: MessageId) -> Conversation:
        return self._loop.run(self._all.switch, conversation_id, message_id)

    def copy(
        self, conversation_id: ConversationId, message_id: MessageId | None = None, **options: Any
    ) -> Conversation:
        return self._loop.run(self._all.copy, conversation_id, message_id, **options)

    def delete(self, conversation_id: ConversationId) -> None:
        self._loop.run(self._all.delete, conversation_id)

    def read_up_to(self, conversation_id: ConversationId, seq: int) -> Conversation:
        return self._loop.run(self._all.read_up_to, conversation_id, seq)

    def messages(self, conversation_id: ConversationId, **options: Any) -> Page[Message]:
        return self._loop.run(self._all.messages, conversation_id, **options)


class SyncLibrary:
    """See `Library`."""

    def __init__(self, loop: _Loop, client: AsyncTokenline) -> None:
        self._loop = loop
        self._all = client.library

    def search(self, q: str, **options: Any) -> SearchPage:
        return self._loop.run(self._all.search, q, **options)

    def export(self, conversation_id: ConversationId | None = None) -> Export:
        return self._loop.run(self._all.export, conversation_id)

    def take_in(self, export: Export) -> ImportReport:
        return self._loop.run(self._all.take_in, export)

    def share(self, conversation_id: ConversationId) -> Share:
        return self._loop.run(self._all.share, conversation_id)

    def shares(self, conversation_id: ConversationId | None = None) -> tuple[Share, ...]:
        return self._loop.run(self._all.shares, conversation_id)

    def revoke_share(self, share_id: ShareId) -> None:
        self._loop.run(self._all.revoke_share, share_id)


class SyncTickets:
    """See `Tickets`."""

    def __init__(self, loop: _Loop, client: AsyncTokenline) -> None:
        self._loop = loop
        self._all = client.tickets

    def get(self, ticket_id: TicketId) -> TicketView:
        return self._loop.run(self._all.get, ticket_id)

    def stop(self, ticket_id: TicketId) -> TicketView:
        return self._loop.run(self._all.stop, ticket_id)

    def retry(self, message_id: MessageId) -> TicketView:
        return self._loop.run(self._all.retry, message_id)

    def edit(self, ticket_id: TicketId, content: str) -> Message:
        return self._loop.run(self._all.edit, ticket_id, content)


class SyncAnswers:
    """See `Answers`."""

    def __init__(self, loop: _Loop, client: AsyncTokenline) -> None:
        self._loop = loop
        self._all = client.answers

    def rate(self, message_id: MessageId, rating: Rating, **options: Any) -> Feedback:
        return self._loop.run(self._all.rate, message_id, rating, **options)

    def unrate(self, message_id: MessageId) -> None:
        self._loop.run(self._all.unrate, message_id)
