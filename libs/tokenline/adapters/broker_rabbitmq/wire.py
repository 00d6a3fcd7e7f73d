"""What frames are made of (AMQP 0-9-1, 2.3.5), for those that go past the library."""

import struct

from pamqp.base import Frame
from pamqp.constants import FRAME_BODY, FRAME_END, FRAME_HEADER, FRAME_METHOD

METHOD, HEADER, BODY = FRAME_METHOD, FRAME_HEADER, FRAME_BODY

HEAD = struct.Struct(">BHI")
"""Kind, channel, and bytes of the payload that follows it."""

END = FRAME_END
AROUND_BYTES = HEAD.size + 1
"""Of a frame besides its payload: the head, and an end of one byte."""


def beginning(method: type[Frame]) -> bytes:
    """Of a method's payload: its class and number, by which it is known."""
    return method.index.to_bytes(4, "big")


def framed(kind: int, channel: int, payload: bytes) -> bytes:
    return b"%b%b%c" % (HEAD.pack(kind, channel, len(payload)), payload, END)
