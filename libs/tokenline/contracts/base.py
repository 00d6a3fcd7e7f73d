"""How every wire shape behaves: frozen, named fields, unknown fields refused."""

from typing import Any, TypeVar, dataclass_transform

import msgspec

WIRE_VERSION = 1
"""Version of every broker message, sent as the AMQP `type` property ``tokenline.<version>``."""

_S = TypeVar("_S", bound="_ShapeType")


class _ShapeType(msgspec.StructMeta):
    """msgspec inherits every option but ``kw_only``; this makes it hold for subclasses too."""

    def __new__(mcls: type[_S], name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any) -> _S:
        return super().__new__(mcls, name, bases, namespace, **{"kw_only": True, **options})


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Shape(msgspec.Struct, metaclass=_ShapeType, frozen=True, forbid_unknown_fields=True):
    """A value on the wire or in the store. Times are seconds since 1970 UTC (float), suffix ``_at``."""


_pack = msgspec.msgpack.Encoder()
_json = msgspec.json.Encoder()


def pack(value: object) -> bytes:
    """Encode for the broker (msgpack)."""
    return _pack.encode(value)


def to_json(value: object) -> bytes:
    """Encode for sockets, SSE and the store (JSON, UTF-8)."""
    return _json.encode(value)
