"""How contracts look in REST answers."""

from fastapi import Request

from services.gateway.deps import Deps
from tokenline.contracts.attachments import Attachment
from tokenline.contracts.chat import Message, SharedMessage
from tokenline.contracts.ids import ConversationId, MessageId
from tokenline.contracts.rest import ServedMessage
from tokenline.core.ports.store import Store


def deps_of(request: Request) -> Deps:
    deps: Deps = request.app.state.deps
    return deps


def served(message: Message, files: dict[str, Attachment], alternatives: tuple[MessageId, ...] = ()) -> ServedMessage:
    """``files`` by id; one that is not there was deleted."""
    used = message.usage
    return ServedMessage(
        **{field: getattr(message, field) for field in SharedMessage.__struct_fields__},
        attachments=tuple(files[file_id] for file_id in message.attachment_ids if file_id in files),
        tokens_used=used.prompt_tokens + used.completion_tokens if used else None,
        alternatives=alternatives,
    )


async def served_all(store: Store, messages: tuple[Message, ...]) -> tuple[ServedMessage, ...]:
    files = await _files(store, messages)
    return tuple(served(message, files) for message in messages)


async def served_on_path(
    store: Store, conversation_id: ConversationId, messages: tuple[Message, ...]
) -> tuple[ServedMessage, ...]:
    """With what stands in each one's place, for all of them at once."""
    beside = await store.alternatives(conversation_id, messages)
    files = await _files(store, messages)
    return tuple(served(message, files, beside.get(message.id, ())) for message in messages)


async def _files(store: Store, messages: tuple[Message, ...]) -> dict[str, Attachment]:
    wanted = {file_id for message in messages for file_id in message.attachment_ids}
    return {file.id: file for file in await store.attachments(sorted(wanted))} if wanted else {}
