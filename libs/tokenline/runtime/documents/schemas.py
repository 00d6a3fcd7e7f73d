"""From the Structs of the contracts to JSON Schema, as both documents use it.

A struct of the server has all of its fields, always; one of a client may leave out what has a default. Neither has any
other field.
"""

from collections.abc import Collection, Iterable
from enum import Enum
from typing import Any, get_args

import msgspec

from tokenline.contracts import admin, frames
from tokenline.runtime.documents.source import about, field_notes

Schema = dict[str, Any]

REF = "#/components/schemas/{name}"
RENAMED = {"Error": "ErrorFrame", "Text": "DeltaFrame"}
"""Names of shapes outside of Python: ``Error`` and ``Text`` mean something else to browsers."""
FROM_CLIENTS: Collection[type] = {*get_args(frames.ClientFrame), *get_args(admin.AdminClientFrame)}


def name_of(shape: type) -> str:
    return RENAMED.get(shape.__name__, shape.__name__)


def ref(shape: type) -> Schema:
    return {"$ref": REF.format(name=name_of(shape))}


def tag_of(frame: type) -> str:
    """What stands in the ``type`` field of a frame."""
    return str(getattr(msgspec.inspect.type_info(frame), "tag", ""))


def components(roots: Iterable[type]) -> dict[str, Schema]:
    """The schema of every root and of every shape inside of it, by name."""
    shapes: dict[str, type] = {}
    for root in roots:
        for shape in reachable(msgspec.inspect.type_info(root)):
            if shapes.setdefault(name_of(shape), shape) is not shape:
                raise ValueError(f"two shapes are called {name_of(shape)}")
    return {name: _schema(shapes[name]) for name in sorted(shapes)}


def reachable(info: msgspec.inspect.Type, seen: set[type] | None = None) -> Iterable[type]:
    """Structs and enumerations in ``info``, each once."""
    seen = set() if seen is None else seen
    shape = getattr(info, "cls", None)
    if isinstance(shape, type) and shape not in seen:
        seen.add(shape)
        yield shape
        for field in getattr(info, "fields", ()):
            yield from reachable(field.type, seen)
    for part in _parts(info):
        yield from reachable(part, seen)


def _parts(info: msgspec.inspect.Type) -> tuple[msgspec.inspect.Type, ...]:
    match info:
        case msgspec.inspect.UnionType(types=members):
            return members
        case msgspec.inspect.DictType(value_type=value):
            return (value,)
        case msgspec.inspect.ListType(item_type=item) | msgspec.inspect.VarTupleType(item_type=item):
            return (item,)
    return ()


def _schema(shape: type) -> Schema:
    if issubclass(shape, Enum):
        return _enum(shape)
    return _struct(shape)


def _enum(shape: type[Enum]) -> Schema:
    notes = field_notes(shape)
    said = [about(shape), *(f"`{member.value}`: {notes[member.name]}" for member in shape if member.name in notes)]
    return _described({"enum": [member.value for member in shape]}, " ".join(filter(None, said)))


def _struct(shape: type) -> Schema:
    _, made = msgspec.json.schema_components([shape], ref_template=REF)
    schema: Schema = _renamed(made[shape.__name__])
    schema.pop("title", None)
    schema.pop("description", None)
    notes = field_notes(shape)
    for name, field in schema["properties"].items():
        _described(field, notes.get(name, ""))
    if shape not in FROM_CLIENTS:
        schema["required"] = list(schema["properties"])
        for field in schema["properties"].values():
            field.pop("default", None)
    return _described(schema, about(shape))


def _described(schema: Schema, description: str) -> Schema:
    if description:
        schema["description"] = description.replace("`None`", "`null`")
    return schema


def _renamed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _renamed(_reference(inner) if key == "$ref" else inner) for key, inner in value.items()}
    return [_renamed(inner) for inner in value] if isinstance(value, list) else value


def _reference(target: str) -> str:
    folder, _, name = target.rpartition("/")
    return f"{folder}/{RENAMED.get(name, name)}"
