"""How contracts look in REST answers."""

from typing import Any

import msgspec
from fastapi import Request
from fastapi.responses import Response

from services.gateway.deps import Deps
from tokenline.contracts.attachments import Attachment
from tokenline.contracts.base import to_json
from tokenline.contracts.chat import Message
from tokenline.core.ports.store import Store


def deps_of(request: Request) -> Deps:
    deps: Deps = request.app.state.deps
    return deps


def answer(value: object, status_code: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(to_json(value), status_code, headers, media_type="application/json")


def message_view(message: Message, files: dict[str, Attachment]) -> dict[str, Any]:
    """A message with its attachments in full and its tokens counted."""
    view: dict[str, Any] = msgspec.to_builtins(message)
    for brought in ("context", "after_tools", "options"):
        del view[brought]
    return view | {
        "attachments": [
            msgspec.to_builtins(files[attachment_id])
            for attachment_id in message.attachment_ids
            if attachment_id in files
        ],
        "tokens_used": message.usage.prompt_tokens + message.usage.completion_tokens if message.usage else None,
    }


async def message_views(store: Store, messages: tuple[Message, ...]) -> list[dict[str, Any]]:
    wanted = {attachment_id for message in messages for attachment_id in message.attachment_ids}
    files = {file.id: file for file in await store.attachments(sorted(wanted))} if wanted else {}
    return [message_view(message, files) for message in messages]
