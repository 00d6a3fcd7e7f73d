"""Cursors: the sort key of the last item of a page, opaque to clients and the same in every store."""

import base64
import binascii
from typing import TypeVar

import msgspec

from tokenline.contracts.base import to_json
from tokenline.contracts.errors import BadRequest

T = TypeVar("T")


def encode_cursor(key: object) -> str:
    return base64.urlsafe_b64encode(to_json(key)).rstrip(b"=").decode()


def decode_cursor(cursor: str, kind: type[T]) -> T:
    """Raises `BadRequest` on anything that `encode_cursor` did not make from a ``kind``."""
    try:
        key = base64.b64decode(cursor.encode() + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return msgspec.json.decode(key, type=kind)
    except (binascii.Error, UnicodeError, msgspec.DecodeError) as error:
        raise BadRequest("This cursor is not one of ours.") from error
