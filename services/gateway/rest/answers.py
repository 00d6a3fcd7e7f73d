"""How contracts look in REST answers."""

from fastapi import Request

from services.gateway.deps import Deps
from tokenline.contracts.attachments import Attachment
from tokenline.contracts.chat import Message, SharedMessage
from tokenline.contracts.rest import ServedMessage
from tokenline.core.ports.store import Store


def deps_of(request: Request) -> Deps:
    deps: Deps = request.app.state.deps
    return deps


def served(message: Message, files: dict[str, Attachment]) -> ServedMessage:
    """``files`` by id; one that is not there was deleted."""
    used = message.usage
    return ServedMessage(
        **{field: getattr(message, field) for field in SharedMessage.__struct_fields__},
        attachments=tuple(files[file_id] for file_id in message.attachment_ids if file_id in files),
        tokens_used=used.prompt_tokens + used.completion_tokens if used else None,
    )


async def served_all(store: Store, messages: tuple[Message, ...]) -> tuple[ServedMessage, ...]:
    wanted = {file_id for message in messages for file_id in message.attachment_ids}
    files = {file.id: file for file in await store.attachments(sorted(wanted))} if wanted else {}
    return tuple(served(message, files) for message in messages)
