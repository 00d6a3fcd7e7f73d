"""The way back: one message per worker, gateway and tick, with what all its streams produced in that tick.

Arrays instead of objects on the wire: this is the hot path, and a field name per token would double it.
"""

from typing import Any

import msgspec

from tokenline.contracts.chat import Citation
from tokenline.contracts.errors import ErrorInfo
from tokenline.contracts.ids import MessageId, TicketId, WorkerId
from tokenline.contracts.tickets import TicketState, Usage


class Reply(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Says something about one attempt of one ticket; a reply of an older attempt is void."""

    ticket_id: TicketId
    attempt: int


class Delta(Reply, tag="d"):
    """``offset`` counts the Unicode code points that came before ``text`` in this attempt."""

    offset: int
    text: str


class ToolCall(Reply, tag="t"):
    """One step of a tool call; ``status`` is started, completed or failed. ``index`` counts them from 0."""

    index: int
    call_id: str
    name: str
    status: str
    detail: dict[str, Any]


class Snapshot(Reply, tag="s"):
    """The whole text so far, for a gateway that asked to be attached."""

    text: str


class Ended(Reply, tag="e"):
    """The terminal reply, sent after the store has the answer. ``length`` is the answer's, in code points."""

    state: TicketState
    version: int
    length: int
    message_id: MessageId | None
    citations: tuple[Citation, ...]
    usage: Usage | None
    error: ErrorInfo | None


AnyReply = Delta | ToolCall | Snapshot | Ended


class ReplyBatch(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    worker_id: WorkerId
    items: list[AnyReply]


_decoder = msgspec.msgpack.Decoder(ReplyBatch)


def unpack_replies(body: bytes) -> ReplyBatch:
    """Raises `msgspec.ValidationError` on anything else."""
    return _decoder.decode(body)
