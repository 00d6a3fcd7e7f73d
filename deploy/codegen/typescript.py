"""Writes the TypeScript types of the contracts: ``python -m deploy.codegen.typescript [--check]``.

The wire has one definition, in Python. A struct becomes an interface, an enumeration a union of its values, a tagged
union an alias. The server leaves no field out, so all are required there; what a client may leave out is optional.
"""

import sys
import types
from enum import Enum
from pathlib import Path
from typing import Any, get_args

import msgspec

from tokenline.contracts import (
    accounts,
    admin,
    export,
    feedback,
    files,
    frames,
    limits,
    rest,
    rest_accounts,
    search,
    shares,
)
from tokenline.runtime.documents.schemas import FROM_CLIENTS, name_of, reachable

TARGET = Path(__file__).parents[2] / "libs/web/src/generated/frames.ts"

HEADER = """\
// Made from libs/tokenline/contracts by `make types`; a test fails when it is stale. Do not edit.
"""

UNIONS: dict[str, Any] = {
    "ClientFrame": frames.ClientFrame,
    "ServerFrame": frames.ServerFrame,
    "AdminClientFrame": admin.AdminClientFrame,
    "AdminServerFrame": admin.AdminServerFrame,
}
ALONE: tuple[type, ...] = (
    admin.LinePage,
    admin.PoolPage,
    admin.WorkerPage,
    admin.HistoryPage,
    admin.TruthPage,
    admin.DeadLetterPage,
    admin.AuditLog,
    admin.FeedbackLog,
    admin.ActionAnswer,
    admin.LineQuery,
    limits.UsedPage,
    rest.AgentPage,
    rest.ApiKeyPage,
    rest.Asked,
    rest.ConversationPage,
    feedback.Feedback,
    files.FileLink,
    rest.FoundPassagePage,
    rest.DeliveryPage,
    rest.Me,
    rest.MessagePage,
    rest.NewApiKey,
    rest_accounts.SignInMethods,
    rest_accounts.SignInPage,
    rest.PoolStatusPage,
    rest.SocketTicket,
    rest.WebhookPage,
    rest.WebhookSecret,
    accounts.TokenPair,
    export.ImportReport,
    search.SearchPage,
    shares.PublicShare,
    shares.SharePage,
)
_PLAIN = {
    msgspec.inspect.AnyType: "unknown",
    msgspec.inspect.NoneType: "null",
    msgspec.inspect.BoolType: "boolean",
    msgspec.inspect.IntType: "number",
    msgspec.inspect.FloatType: "number",
    msgspec.inspect.StrType: "string",
}


def generate() -> str:
    """The whole file."""
    structs: dict[str, type] = {}
    enums: dict[str, type[Enum]] = {}
    for root in [*(member for union in UNIONS.values() for member in get_args(union)), *ALONE]:
        for found in reachable(msgspec.inspect.type_info(root)):
            if issubclass(found, Enum):
                enums[name_of(found)] = found
            else:
                structs[name_of(found)] = found
    parts = [HEADER]
    parts += [_enum(name, enums[name]) for name in sorted(enums)]
    parts += [_interface(name, structs[name]) for name in sorted(structs)]
    parts += [_union(name, union) for name, union in UNIONS.items()]
    return "\n".join(parts)


def _interface(name: str, shape: type) -> str:
    info = msgspec.inspect.type_info(shape)
    if not isinstance(info, msgspec.inspect.StructType):
        raise TypeError(f"{shape} is no struct")
    lines = [f"  {info.tag_field}: {_literal(info.tag)};"] if info.tag_field else []
    for field in info.fields:
        mark = "" if field.required or shape not in FROM_CLIENTS else "?"
        lines.append(f"  {field.encode_name}{mark}: {type_text(field.type)};")
    return f"{_comment(shape.__doc__)}export interface {name} {{\n" + "\n".join(lines) + "\n}\n"


def _enum(name: str, shape: type[Enum]) -> str:
    return f"export type {name} = " + " | ".join(_literal(member.value) for member in shape) + ";\n"


def _union(name: str, union: types.UnionType) -> str:
    return f"export type {name} =\n" + "\n".join(f"  | {name_of(member)}" for member in get_args(union)) + ";\n"


def _comment(text: str | None) -> str:
    """The docstring as a comment; msgspec gives undocumented structs the docstring of their base, or none."""
    if not text or text.startswith("A value on the wire"):
        return ""
    lines = [line.strip() for line in text.strip().replace("``", "`").splitlines()]
    if len(lines) == 1:
        return f"/** {lines[0]} */\n"
    return "/**\n" + "".join(f" * {line}".rstrip() + "\n" for line in lines) + " */\n"


def type_text(info: msgspec.inspect.Type) -> str:
    """A type of the contracts as TypeScript writes it."""
    match info:
        case msgspec.inspect.StructType(cls=shape) | msgspec.inspect.EnumType(cls=shape):
            return name_of(shape)
        case msgspec.inspect.LiteralType(values=values):
            return " | ".join(map(_literal, values))
        case msgspec.inspect.UnionType(types=members):
            return " | ".join(map(type_text, members))
        case msgspec.inspect.DictType(value_type=value):
            return f"Record<string, {type_text(value)}>"
        case msgspec.inspect.ListType(item_type=item) | msgspec.inspect.VarTupleType(item_type=item):
            inner = type_text(item)
            return f"({inner})[]" if " " in inner else f"{inner}[]"
    return _PLAIN[type(info)]


def _literal(value: object) -> str:
    return msgspec.json.encode(value).decode()


def main(arguments: list[str]) -> int:
    fresh = generate()
    if "--check" in arguments:
        stale = not TARGET.exists() or TARGET.read_text() != fresh
        if stale:
            print(f"{TARGET.name} is stale: run `make types`", file=sys.stderr)
        return int(stale)
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(fresh)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
