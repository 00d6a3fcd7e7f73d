"""What goes into the sandbox and what comes out.

Plain data in msgpack, never pickles: a child that was taken over must not make its parent run code. Answers are frames:
four bytes of length, then the message.
"""

import struct
from typing import Literal

import msgspec

from tokenline.contracts.attachments import DocumentInfo, PictureInfo
from tokenline.contracts.base import Shape, pack
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
from tokenline.contracts.texts import ExtractedText

NURSERY = "services.ingest.extract.nursery"
"""By name: the service itself never imports a parser."""

READY = b"ready"
UNFILTERED = b"ready, but nothing takes system calls from a child"
FAILED = b"failed: "
"""Before a sentence for an administrator."""

PdfReaderName = Literal["auto", "pypdf", "pdfium"]
"""``auto``: pdfium, and pypdf for what pdfium refuses or does not survive."""

_LENGTH = struct.Struct("<I")


class Task(Shape):
    """Sent with two file descriptors: the file to read, the pipe to answer in."""

    name: str
    cpu_s: int
    wall_s: int
    memory_bytes: int
    max_chars: int
    pdf_reader: PdfReaderName = "auto"
    ocr_s: int = 0
    """Time for recognising text in pictures, beyond the others, where the nursery can."""


class Reading(Shape, tag="reading", tag_field="outcome"):
    """Sent now and then while a long document is read."""

    done: int
    of: int


class Extracted(Shape, tag="extracted", tag_field="outcome"):
    text: ExtractedText
    spans: tuple[tuple[int, int], ...]
    """Start and end of each passage in the text."""
    document: DocumentInfo | None = None
    picture: PictureInfo | None = None
    thumbnail: bytes | None = None
    """A WebP."""
    view: bytes | None = None
    """A JPEG."""
    warning: str | None = None


class Refused(Shape, tag="refused", tag_field="outcome"):
    code: str
    message: str
    cause: str | None = None
    """Class of an exception nobody foresaw, for the log."""


class Ended(Shape, tag="ended", tag_field="outcome"):
    """The nursery's last word on a child. ``signal`` 0: it ended by itself."""

    signal: int


Answer = Reading | Extracted | Refused | Ended

_decoder: msgspec.msgpack.Decoder[Answer] = msgspec.msgpack.Decoder(Reading | Extracted | Refused | Ended)
_errors: dict[str, type[Rejected]] = {
    error.code: error for error in (Corrupted, Encrypted, NoText, TooComplex, TooLarge, Unreadable, Unsupported)
}


def frame(answer: Answer) -> bytes:
    body = pack(answer)
    return _LENGTH.pack(len(body)) + body


def next_frame(buffer: bytearray) -> bytes | None:
    """Takes one whole message from the front; ``None``: not there yet."""
    if len(buffer) < _LENGTH.size:
        return None
    end = _LENGTH.size + _LENGTH.unpack_from(buffer)[0]
    if len(buffer) < end:
        return None
    body = bytes(memoryview(buffer)[_LENGTH.size : end])
    del buffer[:end]
    return body


def unpack_answer(body: bytes) -> Answer:
    """Raises `msgspec.MsgspecError` on anything else."""
    return _decoder.decode(body)


def error_of(refused: Refused, name: str) -> Rejected:
    return _errors.get(refused.code, Unreadable)(refused.message, name=name)
