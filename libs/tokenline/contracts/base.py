"""How every wire shape behaves: frozen, named fields, unknown fields refused."""

import msgspec

WIRE_VERSION = 1
"""Version of every broker message, sent as the AMQP `type` property ``tokenline.<version>``."""


class Shape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=False):
    """A value on the wire or in the store. Times are seconds since 1970 UTC (float), suffix ``_at``."""


_pack = msgspec.msgpack.Encoder()
_json = msgspec.json.Encoder()


def pack(value: object) -> bytes:
    """Encode for the broker (msgpack)."""
    return _pack.encode(value)


def to_json(value: object) -> bytes:
    """Encode for sockets, SSE and the store (JSON, UTF-8)."""
    return _json.encode(value)
