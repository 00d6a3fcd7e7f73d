"""What a model wrote as a call's arguments, and what a tool wants to have of it."""

from typing import Any, TypeVar

import msgspec

from tokenline.core.ports.tool import BadArguments

MAX_CHARACTERS = 4000
"""Longer ones are no search and no time zone."""

A = TypeVar("A", bound=msgspec.Struct)


class Arguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of a tool. Its fields, bounds and their descriptions are what models are told."""


def read_arguments(written: str) -> dict[str, Any]:
    """Raises `BadArguments`, with what the model can do about it."""
    if len(written) > MAX_CHARACTERS:
        raise BadArguments(f"The arguments are too long: {MAX_CHARACTERS} characters at most.")
    if not written.strip():
        # As some models call what needs none.
        return {}
    try:
        return msgspec.json.decode(written, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeError) as error:
        raise BadArguments(f"The arguments are not a JSON object: {error}.") from error


def arguments_as(shape: type[A], given: dict[str, Any]) -> A:
    """Raises `BadArguments`, naming the field."""
    try:
        return msgspec.convert(given, shape)
    except msgspec.ValidationError as error:
        raise BadArguments(f"The arguments do not fit: {error}.") from error


def parameters_of(shape: type[msgspec.Struct]) -> dict[str, Any]:
    """The JSON Schema that endpoints take: one object, without references."""
    _, components = msgspec.json.schema_components([shape])
    schema: dict[str, Any] = components[shape.__name__]
    return {key: value for key, value in schema.items() if key not in ("title", "description")}
