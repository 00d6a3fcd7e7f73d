"""Reading what a gateway says, one of a later version too: fields that are unknown here are left out."""

from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from tokenline.contracts.frames import ServerFrame

T = TypeVar("T")


def read(data: bytes | str, shape: type[T]) -> T:
    """Raises `msgspec.DecodeError`."""
    try:
        return msgspec.json.decode(data, type=shape)
    except msgspec.ValidationError:
        return msgspec.convert(_known(msgspec.json.decode(data), inspect.type_info(shape)), shape)


_frames: msgspec.json.Decoder[ServerFrame] = msgspec.json.Decoder(ServerFrame)


def read_frame(data: bytes | str) -> ServerFrame | None:
    """``None`` for a frame of a type that is unknown here. Raises `msgspec.DecodeError`."""
    try:
        return _frames.decode(data)
    except msgspec.ValidationError:
        if msgspec.json.decode(data, type=_Tagged).type not in _TAGS:
            return None
        frame: ServerFrame = msgspec.convert(_known(msgspec.json.decode(data), _FRAMES), ServerFrame)
        return frame


class _Tagged(msgspec.Struct):
    type: str


def _known(value: Any, info: inspect.Type) -> Any:
    """The value without the fields that ``info`` does not name."""
    match value, info:
        case dict(), inspect.UnionType(types=types):
            fitting = [one for one in types if _fits(value, one)]
            return _known(value, fitting[0]) if fitting else value
        case dict(), inspect.StructType(fields=fields, tag_field=tag):
            shapes = {field.encode_name: field.type for field in fields}
            return {
                name: _known(item, shapes[name]) if name in shapes else item
                for name, item in value.items()
                if name in shapes or name == tag
            }
        case list(), inspect.UnionType(types=types):
            return next((_known(value, one) for one in types if isinstance(one, _SERIES)), value)
        case list(), inspect.ListType(item_type=each) | inspect.VarTupleType(item_type=each):
            return [_known(item, each) for item in value]
    return value


_SERIES = (inspect.ListType, inspect.VarTupleType)


def _fits(value: dict[str, Any], info: inspect.Type) -> bool:
    if not isinstance(info, inspect.StructType):
        return False
    return info.tag_field is None or value.get(info.tag_field) == info.tag


_FRAMES = inspect.type_info(ServerFrame)
_TAGS = {one.tag for one in getattr(_FRAMES, "types", ()) if isinstance(one, inspect.StructType)}
