"""The AsyncAPI 3 document of the dashboard: the administrators' socket."""

from importlib.metadata import version
from typing import get_args

from tokenline.contracts.admin import AdminClientFrame, AdminServerFrame
from tokenline.contracts.closing import CLOSE_CODES
from tokenline.runtime.documents.parts import Part, channel_at, error, error_kinds, message, operation
from tokenline.runtime.documents.schemas import components, tag_of

FROM_CLIENT: tuple[type, ...] = get_args(AdminClientFrame)
FROM_SERVER: tuple[type, ...] = get_args(AdminServerFrame)

ABOUT = """\
Watch the line. Every frame is one JSON object with a field `type`; of the server's frames no field is ever left out.
`board` and `line` are whole pictures, at most one of each a second and only when something changed; a client that is
slow gets fewer of them, and the next one is always the newest.

Sign in as an administrator: by `Authorization: Bearer` at the handshake (programs), by `?ticket=` from
`POST /api/v1/auth/ws-ticket`, or with `auth` as the first frame. `x-errors` lists the codes of errors, `x-close-codes`
says why a socket is closed."""


def admin_asyncapi() -> Part:
    frames = (*FROM_CLIENT, *FROM_SERVER)
    ticket = {"type": "string", "description": "Opens one socket, once, within 30 s."}
    socket = channel_at("/api/v1/admin/ws", "sockets", "The board and the first page of the line.", frames, {})
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Tokenline admin", "version": version("tokenline"), "description": ABOUT},
        "defaultContentType": "application/json",
        "servers": {
            "sockets": {
                "host": "127.0.0.1:{port}",
                "protocol": "ws",
                "description": "The dashboard.",
                "variables": {"port": {"default": "8090"}},
                "security": [{"$ref": "#/components/securitySchemes/bearer"}],
            }
        },
        "channels": {
            "admin": socket
            | {
                "bindings": {"ws": {"method": "GET", "query": {"type": "object", "properties": {"ticket": ticket}}}},
                "x-close-codes": [{"code": one.code, "why": one.why, "remedy": one.remedy} for one in CLOSE_CODES],
            }
        },
        "operations": {
            "admin.hear": operation("receive", "admin", FROM_CLIENT, "What a client may send."),
            "admin.tell": operation("send", "admin", FROM_SERVER, "What a client is told."),
        },
        "components": {
            "messages": {tag_of(frame): message(frame) for frame in frames},
            "schemas": components(frames),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "An access token or an API key."}
            },
        },
        "x-errors": [error(kind) for kind in error_kinds()],
    }
