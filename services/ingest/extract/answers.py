"""What goes into the sandbox and what comes out.

Plain data in msgpack, never pickles: a child that was taken over must not make its parent run code.
"""

import msgspec

from tokenline.contracts.base import Shape
from tokenline.contracts.errors import (
    Corrupted,
    Encrypted,
    NoText,
    Rejected,
    TooComplex,
    TooLarge,
    Unreadable,
    Unsupported,
)

NURSERY = "services.ingest.extract.nursery"
"""By name: the service itself never imports a parser."""

READY = b"ready"


class Task(Shape):
    """Sent with two file descriptors: the file to read, the pipe to answer in."""

    name: str
    cpu_s: int
    wall_s: int
    memory_bytes: int
    max_chars: int


class Piece(Shape):
    """A passage: offsets in code points of the extracted text, in which pages are joined by one form feed."""

    page: int | None
    start: int
    end: int
    content: str


class Extracted(Shape, tag="extracted", tag_field="outcome"):
    mime_type: str
    pages: int | None
    chars: int
    pieces: tuple[Piece, ...]


class Refused(Shape, tag="refused", tag_field="outcome"):
    code: str
    message: str


Answer = Extracted | Refused

_decoder: msgspec.msgpack.Decoder[Answer] = msgspec.msgpack.Decoder(Extracted | Refused)
_errors: dict[str, type[Rejected]] = {
    error.code: error for error in (Corrupted, Encrypted, NoText, TooComplex, TooLarge, Unreadable, Unsupported)
}


def unpack_answer(body: bytes) -> Answer:
    """Raises `msgspec.DecodeError` on anything else."""
    return _decoder.decode(body)


def error_of(refused: Refused, name: str) -> Rejected:
    return _errors.get(refused.code, Unreadable)(refused.message, name=name)
