"""Frames on the chat sockets and in the SSE stream. TypeScript types and protocol documents are made from this file.

A client keeps, per ticket, a cursor ``(attempt, offset)``: how much of which attempt's text it has. ``offset`` counts
Unicode code points. Frames about a ticket describe its state, so a slow client may see fewer of them, never wrong ones.
"""

from typing import Literal

import msgspec

from tokenline.contracts.attachments import Attachment
from tokenline.contracts.base import Shape
from tokenline.contracts.chat import Conversation, SharedMessage
from tokenline.contracts.errors import ErrorInfo
from tokenline.contracts.feedback import Feedback
from tokenline.contracts.ids import AttachmentId, ConversationId, MessageId, TicketId
from tokenline.contracts.tools import ToolDetail

MAX_FRAME_BYTES = 64 * 1024


class Eta(Shape):
    """Seconds until the first token; sent only when there is something to reckon from."""

    soonest_s: float
    """One in ten comes sooner."""
    likely_s: float
    worst_s: float
    """One in ten takes longer."""


# ── client → server ──────────────────────────────────────────────────────────────────────────────────────────────────


class Auth(Shape, tag="auth", tag_field="type"):
    """First frame on a socket that was opened without credentials; due within 10 s."""

    token: str


class Send(Shape, tag="send", tag_field="type"):
    """Ask a question. The same ``client_message_id`` again gives the same ticket again."""

    client_message_id: str
    content: str
    conversation_id: ConversationId | None = None
    """``None``: a new conversation (not on a single-conversation socket)."""
    agent_id: str | None = None
    attachment_ids: tuple[AttachmentId, ...] = ()
    parent_id: MessageId | None = None
    """The message it is asked after, which begins a branch unless that is the last one; ``None``: the last one of the
    current path."""
    instead_of: MessageId | None = None
    """The question in whose place it is asked, as a branch; that one stays reachable."""


class Cancel(Shape, tag="cancel", tag_field="type"):
    """Stop, at whatever stage: the text so far is kept."""

    ticket_id: TicketId


class Edit(Shape, tag="edit", tag_field="type"):
    """Put another text in place of a question that still waits; it keeps its place. Answered with ``edited``."""

    ticket_id: TicketId
    content: str


class Resume(Shape, tag="resume", tag_field="type"):
    """Go on following a ticket from where this client is."""

    ticket_id: TicketId
    attempt: int = 0
    offset: int = 0


class Follow(Shape, tag="follow", tag_field="type"):
    """Follow every live ticket of a conversation and those to come."""

    conversation_id: ConversationId


class Read(Shape, tag="read", tag_field="type"):
    """The user has read a conversation up to this message, by its ``seq``. Never goes back; answered to every socket
    of the user with ``conversation``, if it is news."""

    conversation_id: ConversationId
    seq: int


class Typing(Shape, tag="typing", tag_field="type"):
    """The user is writing a question. Told to the user's other sockets, at most every 2 s of each socket."""

    conversation_id: ConversationId


class Ping(Shape, tag="ping", tag_field="type"):
    """Are you there?"""

    id: int = 0


ClientFrame = Auth | Send | Cancel | Edit | Resume | Follow | Read | Typing | Ping


# ── server → client ──────────────────────────────────────────────────────────────────────────────────────────────────


class Ready(Shape, tag="ready", tag_field="type"):
    """The socket is authenticated. ``live`` lists the user's tickets that are not finished yet."""

    user_id: str
    heartbeat_s: float
    live: tuple[TicketId, ...]


class Accepted(Shape, tag="accepted", tag_field="type"):
    """The question is stored and will be answered, whatever happens."""

    ticket_id: TicketId
    conversation_id: ConversationId
    client_message_id: str | None
    message: SharedMessage
    answer_id: MessageId
    """The id that its answer will have."""


class Held(Shape, tag="held", tag_field="type"):
    """Waits for ``reason``; ``position`` is the rank it would get if it were released."""

    ticket_id: TicketId
    reason: str
    position: int


class Queued(Shape, tag="queued", tag_field="type"):
    """In the broker's queue, ``position`` tickets will be served before it. ``note`` explains a position that grew,
    a missing worker or an unavailable broker."""

    ticket_id: TicketId
    position: int
    eta: Eta | None
    note: str | None = None


class Position(Shape, tag="position", tag_field="type"):
    """It moved; the fields are those of ``queued``."""

    ticket_id: TicketId
    position: int
    eta: Eta | None
    note: str | None = None


class Processing(Shape, tag="processing", tag_field="type"):
    """A worker has it; no text yet."""

    ticket_id: TicketId
    attempt: int


class Text(Shape, tag="delta", tag_field="type"):
    """Append ``text`` at ``offset``. The first one of an attempt means the state STREAMING."""

    ticket_id: TicketId
    attempt: int
    offset: int
    text: str


class ToolCallFrame(Shape, tag="tool_call", tag_field="type"):
    """A tool is used on our side while the answer is written: one frame when that begins, one when it is over."""

    ticket_id: TicketId
    attempt: int
    call_id: str
    name: str
    status: Literal["started", "completed", "failed"]
    detail: ToolDetail


class Restarted(Shape, tag="restarted", tag_field="type"):
    """Drop the text of earlier attempts: it is answered again from the beginning."""

    ticket_id: TicketId
    attempt: int


class Snapshot(Shape, tag="snapshot", tag_field="type"):
    """Replace the text by this one. ``recovered`` false: what the client had could not be continued."""

    ticket_id: TicketId
    attempt: int
    text: str
    recovered: bool


class Complete(Shape, tag="complete", tag_field="type"):
    """Terminal. ``message`` is the stored answer; its ``content`` is empty when the client already has the text."""

    ticket_id: TicketId
    attempt: int
    length: int
    message: SharedMessage


class Cancelled(Shape, tag="cancelled", tag_field="type"):
    """Terminal."""

    ticket_id: TicketId
    message_id: MessageId | None


class Refused(Shape):
    """Which frame was at fault."""

    type: str
    ticket_id: TicketId | None = None
    """That it named."""
    conversation_id: ConversationId | None = None
    """That it named."""


class Error(Shape, tag="error", tag_field="type"):
    """With ``ticket_id``: terminal for that ticket. Without: the frame that was sent is at fault, nothing was done."""

    error: ErrorInfo
    ticket_id: TicketId | None = None
    client_message_id: str | None = None
    retry: bool = False
    refused: Refused | None = None
    """The frame that was sent; ``None`` for a ticket's end, and where it could not be read."""


class ConversationFrame(Shape, tag="conversation", tag_field="type"):
    """A conversation of the user appeared or changed, on any device."""

    conversation: Conversation
    deleted: bool = False


class Typed(Shape, tag="typed", tag_field="type"):
    """The user is writing a question on another device; to be shown for 5 s."""

    conversation_id: ConversationId


class FeedbackFrame(Shape, tag="feedback", tag_field="type"):
    """An answer was rated on any device; ``feedback`` ``null``: that was taken back."""

    conversation_id: ConversationId
    message_id: MessageId
    feedback: Feedback | None


class Edited(Shape, tag="edited", tag_field="type"):
    """A waiting question has another text, sent to every socket of its owner."""

    ticket_id: TicketId
    message: SharedMessage


class AttachmentFrame(Shape, tag="attachment", tag_field="type"):
    """A file of the user was stored, moved on, was indexed or failed."""

    attachment: Attachment


class Pong(Shape, tag="pong", tag_field="type"):
    """Answers a ping with its ``id``."""

    id: int


ServerFrame = (
    Ready
    | Accepted
    | Held
    | Queued
    | Position
    | Processing
    | Text
    | ToolCallFrame
    | Restarted
    | Snapshot
    | Complete
    | Cancelled
    | Error
    | ConversationFrame
    | Typed
    | FeedbackFrame
    | Edited
    | AttachmentFrame
    | Pong
)

_client_decoder: msgspec.json.Decoder[ClientFrame] = msgspec.json.Decoder(ClientFrame)


def parse_client_frame(text: str | bytes) -> ClientFrame:
    """Raises `msgspec.DecodeError` (not JSON) or `msgspec.ValidationError` (not a frame)."""
    return _client_decoder.decode(text)
