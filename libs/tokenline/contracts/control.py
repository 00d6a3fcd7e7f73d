"""Commands to workers: exchange ``tokenline.control``, names in the imperative.

The store holds the same wish (``cancel_requested``, ``reply_to``), so a lost command is only a slower one.
"""

import msgspec

from tokenline.contracts.base import Shape
from tokenline.contracts.ids import Pool, ReplyKey, TicketId, WorkerId


class CancelTicket(Shape, tag="ticket.cancel", tag_field="command"):
    ticket_id: TicketId


class AttachGateway(Shape, tag="ticket.attach", tag_field="command"):
    """Send the text so far and everything that follows to this gateway too."""

    ticket_id: TicketId
    gateway_id: ReplyKey


class DrainWorker(Shape, tag="worker.drain", tag_field="command"):
    """Take no more tickets until the process ends; finish the running ones."""

    worker_id: WorkerId


class PausePool(Shape, tag="pool.pause", tag_field="command"):
    """``paused`` false resumes."""

    pool: Pool
    paused: bool


Control = CancelTicket | AttachGateway | DrainWorker | PausePool

TO_ALL_WORKERS = "workers"

_decoder: msgspec.msgpack.Decoder[Control] = msgspec.msgpack.Decoder(Control)


def to_worker(worker_id: WorkerId) -> str:
    """Routing key that reaches one worker."""
    return f"worker.{worker_id}"


def unpack_control(body: bytes) -> Control:
    """Raises `msgspec.ValidationError` on anything else."""
    return _decoder.decode(body)
