"""Copies of conversations: one path of messages with the files that it names, as a conversation of its own."""

from msgspec.structs import replace

from services.gateway.uploads import Uploads
from tokenline.contracts.chat import Conversation, Message
from tokenline.contracts.errors import NotFound
from tokenline.contracts.events import ConversationChanged
from tokenline.contracts.ids import AttachmentId, ConversationId, MessageId
from tokenline.contracts.limits import LimitName
from tokenline.core.clock import Clock, derived_id, new_id
from tokenline.core.ports.store import MessagePage, Store
from tokenline.runtime.announcer import Announcer
from tokenline.runtime.auth.principal import Principal
from tokenline.runtime.limits import Limiting

PAGE = 100
PAGE_CHARACTERS = 1_000_000
"""What is held in memory at a time, but for one message."""


class Copies:
    def __init__(self, store: Store, uploads: Uploads, announcer: Announcer, limiting: Limiting, clock: Clock) -> None:
        self._store = store
        self._uploads = uploads
        self._limiting = limiting
        self._announcer = announcer
        self._clock = clock

    async def make(
        self, asker: Principal, source: Conversation, message_id: MessageId | None, client_copy_id: str | None
    ) -> Conversation:
        """Copy the path to this message, or the current one. Idempotent by ``client_copy_id``: all new ids follow from
        it, so that what was begun is completed. Raises `NotFound`, `RateLimited`.

        Answers still to come are not part of it. The copy has a path, and is told of, once it is whole. It counts as a
        conversation when it is begun, however often it is asked for.
        """
        now = self._clock.now()
        copy_id = derived_id(source.created_at, "copy", asker.user_id, source.id, client_copy_id or new_id(now))
        if (made := await self._store.get_conversation(copy_id)) is not None and made.leaf_id is not None:
            return made
        to = None if message_id is None else await self._store.get_message(message_id)
        if message_id is not None and (to is None or to.conversation_id != source.id):
            raise NotFound
        if made is None:
            await self._limiting.charge(asker, LimitName.CONVERSATIONS)
        draft = Conversation(
            id=copy_id,
            owner_id=source.owner_id,
            agent_id=source.agent_id,
            title=source.title,
            temporary=source.temporary,
            follow_up=source.follow_up,
            created_at=now,
            updated_at=now,
        )
        await self._store.create_conversation(draft)
        last = await self._messages(asker, source, copy_id, to)
        made = await self._store.switch_path(copy_id, last) if last else await self._store.get_conversation(copy_id)
        if made is None:
            raise NotFound
        self._announcer.announce(ConversationChanged(conversation=made))
        return made

    async def _messages(
        self, asker: Principal, source: Conversation, copy_id: ConversationId, to: Message | None
    ) -> MessageId | None:
        """Copies them, oldest first; returns the last one's id."""
        # Pages lead from the end back, and parents are to be written first.
        cursors: list[str | None] = [None]
        while (further := (await self._page(source.id, to, cursors[-1])).next) is not None:
            cursors.append(further)
        above: MessageId | None = None
        for cursor in reversed(cursors):
            copied = []
            for message in (await self._page(source.id, to, cursor)).items:
                files = {i: await self._file(asker, i, copy_id) for i in _files_of(message)}
                copied.append(_copy(message, copy_id, above, files))
                above = copied[-1].id
            await self._store.add_messages(copy_id, copied)
        return above

    async def _page(self, conversation_id: ConversationId, to: Message | None, cursor: str | None) -> MessagePage:
        return await self._store.path(conversation_id, to=to, cursor=cursor, limit=PAGE, characters=PAGE_CHARACTERS)

    async def _file(self, asker: Principal, attachment_id: AttachmentId, copy_id: ConversationId) -> AttachmentId:
        """The copy's id; of a deleted file it leads to nothing, as its own does."""
        file = await self._store.get_attachment(attachment_id)
        if file is None or file.owner_id != asker.user_id:
            return derived_id(self._clock.now(), copy_id, attachment_id)
        copied = derived_id(file.created_at, copy_id, attachment_id)
        await self._uploads.copy(file, copied, copy_id)
        return copied


def _files_of(message: Message) -> set[AttachmentId]:
    cited = (citation.attachment_id for citation in message.citations)
    return {*message.attachment_ids, *cited, *(file_id for turn in message.context for file_id in turn.pictures)}


def _copy(
    message: Message, copy_id: ConversationId, above: MessageId | None, files: dict[AttachmentId, AttachmentId]
) -> Message:
    """What was said, without what belongs to the one place where it was."""
    return Message(
        id=derived_id(message.created_at, copy_id, message.id),
        conversation_id=copy_id,
        owner_id=message.owner_id,
        role=message.role,
        content=message.content,
        status=message.status,
        parent_id=above,
        attachment_ids=tuple(files[i] for i in message.attachment_ids),
        citations=tuple(replace(one, attachment_id=files[one.attachment_id]) for one in message.citations),
        unread=message.unread,
        tool_calls=message.tool_calls,
        finish_reason=message.finish_reason,
        usage=message.usage,
        created_at=message.created_at,
        context=tuple(replace(turn, pictures=tuple(files[i] for i in turn.pictures)) for turn in message.context),
        after_tools=message.after_tools,
        options=message.options,
    )
