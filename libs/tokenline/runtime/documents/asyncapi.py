"""The AsyncAPI 3 document of a gateway: both chat sockets and the event stream of a ticket, made from the contracts.

The same bytes for the same version: nothing in it depends on when, where or by whom it is asked for.
"""

from importlib.metadata import version
from typing import get_args

from tokenline.contracts.closing import CLOSE_CODES, NOT_ALLOWED
from tokenline.contracts.frames import MAX_FRAME_BYTES, ClientFrame, ServerFrame
from tokenline.runtime.documents.parts import Part, channel_at, error, error_kinds, message, operation
from tokenline.runtime.documents.schemas import components, tag_of

FROM_CLIENT: tuple[type, ...] = get_args(ClientFrame)
FROM_SERVER: tuple[type, ...] = get_args(ServerFrame)

ABOUT = f"""\
Ask questions and follow their answers. Every frame is one JSON object with a field `type`; of the server's frames no
field is ever left out. A client frame has at most {MAX_FRAME_BYTES // 1024} KiB.

A client keeps `(attempt, offset)` for each ticket: how much it has of which attempt's text, counted in Unicode code
points. `resume` with that cursor goes on from there, at any gateway, for waiting, running and finished tickets. Only
`complete`, `cancelled` and an `error` with a `ticket_id` end an answer.

Sign in by `Authorization: Bearer` at the handshake (programs), by `?ticket=` from `POST /api/v1/auth/ws-ticket`, or
with `auth` as the first frame. `x-errors` lists the codes of errors, `x-close-codes` says why a socket is closed."""

STREAM_ABOUT = """\
Server-sent events: `event` is the frame's `type`, `data` the frame, `id` the cursor `attempt:offset`, which
`Last-Event-ID` resumes from. A comment line comes every 15 s when there is nothing else; the stream closes after the
terminal event."""


def asyncapi() -> Part:
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Tokenline", "version": version("tokenline"), "description": ABOUT},
        "defaultContentType": "application/json",
        "servers": {"sockets": _server("ws"), "http": _server("http")},
        "channels": {
            "chat": _socket("/api/v1/chat/ws", "All conversations of the user on one socket."),
            "conversation": _socket(
                "/ws/chat/{conversation_id}",
                "One conversation; `send` for another one is answered with `bad_request`.",
                conversation_id="A conversation of the user.",
            ),
            "ticket": _stream(),
        },
        "operations": {
            "chat.hear": operation("receive", "chat", FROM_CLIENT, "What a client may send."),
            "chat.tell": operation("send", "chat", FROM_SERVER, "What a client is told."),
            "conversation.hear": operation("receive", "conversation", FROM_CLIENT, "What a client may send."),
            "conversation.tell": operation("send", "conversation", FROM_SERVER, "What a client is told."),
            "ticket.tell": operation("send", "ticket", about_tickets(), "What becomes of one ticket."),
        },
        "components": {
            "messages": {tag_of(frame): message(frame) for frame in (*FROM_CLIENT, *FROM_SERVER)},
            "schemas": components((*FROM_CLIENT, *FROM_SERVER)),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "An access token or an API key."}
            },
        },
        "x-errors": [error(kind) for kind in error_kinds()],
    }


def about_tickets() -> tuple[type, ...]:
    """Frames that the event stream of a ticket can send: those with its id, less those about its question."""
    return tuple(
        frame
        for frame in FROM_SERVER
        if "ticket_id" in frame.__annotations__ and tag_of(frame) not in ("accepted", "edited")
    )


def _server(protocol: str) -> Part:
    return {
        "host": "127.0.0.1:{port}",
        "protocol": protocol,
        "description": "A gateway; there may be several, and any of them serves anybody.",
        "variables": {"port": {"default": "8080"}},
        "security": [{"$ref": "#/components/securitySchemes/bearer"}],
    }


def _socket(address: str, description: str, **parameters: str) -> Part:
    ticket = {"type": "string", "description": "Opens one socket, once, within 30 s."}
    return channel_at(address, "sockets", description, (*FROM_CLIENT, *FROM_SERVER), parameters) | {
        "bindings": {"ws": {"method": "GET", "query": {"type": "object", "properties": {"ticket": ticket}}}},
        "x-close-codes": [
            {"code": closing.code, "why": closing.why, "remedy": closing.remedy}
            for closing in CLOSE_CODES
            if closing is not NOT_ALLOWED
        ],
    }


def _stream() -> Part:
    parameters = {"ticket_id": "A ticket of the user."}
    return channel_at("/api/v1/chat/tickets/{ticket_id}/stream", "http", STREAM_ABOUT, about_tickets(), parameters)
