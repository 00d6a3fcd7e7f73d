"""What the AsyncAPI documents of all services are put together from."""

from collections.abc import Iterable
from typing import Any

from tokenline.contracts import errors
from tokenline.runtime.documents.schemas import name_of, ref, tag_of
from tokenline.runtime.documents.source import about

Part = dict[str, Any]


def error_kinds() -> Iterable[type[errors.TokenlineError]]:
    """In the order of the module; families have no code of their own."""
    families = (errors.Retryable, errors.Rejected, errors.Fatal)
    for value in vars(errors).values():
        if isinstance(value, type) and issubclass(value, errors.TokenlineError) and value not in families:
            yield value


def error(kind: type[errors.TokenlineError]) -> Part:
    return {"code": kind.code, "status": kind.status, "retryable": issubclass(kind, errors.Retryable)}


def channel_at(address: str, server: str, description: str, frames: Iterable[type], parameters: dict[str, str]) -> Part:
    made = {
        "address": address,
        "description": description,
        "servers": [{"$ref": f"#/servers/{server}"}],
        "messages": {tag_of(frame): {"$ref": f"#/components/messages/{tag_of(frame)}"} for frame in frames},
    }
    if parameters:
        made["parameters"] = {name: {"description": said} for name, said in parameters.items()}
    return made


def operation(action: str, channel: str, frames: Iterable[type], summary: str) -> Part:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "summary": summary,
        "messages": [{"$ref": f"#/channels/{channel}/messages/{tag_of(frame)}"} for frame in frames],
    }


def message(frame: type) -> Part:
    return {"name": tag_of(frame), "title": name_of(frame), "summary": about(frame), "payload": ref(frame)}
