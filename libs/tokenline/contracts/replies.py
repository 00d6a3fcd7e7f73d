"""The way back: one message per worker, gateway and tick, with what all its streams produced in that tick.

Arrays instead of objects on the wire: this is the hot path, and a field name per token would double it.
"""

from typing import Literal

import msgspec

from tokenline.contracts.chat import SharedMessage
from tokenline.contracts.ids import TicketId, WorkerId
from tokenline.contracts.tickets import TicketState
from tokenline.contracts.tools import ToolDetail


class Reply(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Says something about one attempt of one ticket; a reply of an older attempt is void."""

    ticket_id: TicketId
    attempt: int


class Delta(Reply, frozen=True, tag="d"):
    """``offset`` counts the Unicode code points that came before ``text`` in this attempt."""

    offset: int
    text: str


class ToolCall(Reply, frozen=True, tag="t"):
    """A call that the worker carries out begins or is over; ``index`` counts these replies of an attempt from 0."""

    index: int
    call_id: str
    name: str
    status: Literal["started", "completed", "failed"]
    detail: ToolDetail


class CallPiece(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Part of a call that the one who asked is to carry out. ``index`` counts the calls of an answer from 0.

    The first piece of a call tells its id and name; ``arguments`` goes on where the last piece ended.
    """

    index: int
    call_id: str
    name: str
    arguments: str


class CallPieces(Reply, frozen=True, tag="c"):
    """``offset`` counts the pieces that came before these in this attempt."""

    offset: int
    pieces: list[CallPiece]


class Snapshot(Reply, frozen=True, tag="s"):
    """The whole text so far and all pieces of calls, for a gateway that asked to be attached."""

    text: str
    pieces: list[CallPiece] = []


class Ended(Reply, frozen=True, tag="e"):
    """A terminal reply, sent when the store has the end: read it there. ``version`` is the ended ticket's."""

    version: int


class Final(Reply, frozen=True, tag="f"):
    """A terminal reply that saves the reading, for whoever has the text: the end as the store has it.

    Gateways before 0.7 cannot read it, nor what else is in its message: only for those whose `topology.reply_key` says
    that they can. What ended in an error is told by `Ended`.
    """

    version: int
    state: TicketState
    """`COMPLETE` or `CANCELLED`."""
    length: int
    """Of the answer's text, in code points."""
    answer: SharedMessage | None
    """Without its text; ``None``: it was cancelled before there was any."""


AnyReply = Delta | ToolCall | CallPieces | Snapshot | Ended | Final


class ReplyBatch(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    worker_id: WorkerId
    items: list[AnyReply]


_decoder = msgspec.msgpack.Decoder(ReplyBatch)


def unpack_replies(body: bytes) -> ReplyBatch:
    """Raises `msgspec.ValidationError` on anything else."""
    return _decoder.decode(body)
