"""How to call each route so that it succeeds, and which of its fields name something that belongs to somebody.

The tests of this folder go through the routes of the served documents. A route, a body or an id that stands in no table
here fails them, with a sentence that says what to add.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from unittest.mock import MagicMock

from services.admin_dashboard.app import create_app as create_dashboard
from services.gateway.app import create_app as create_gateway
from tests.security.people import Belongings
from tests.security.stage import ANYWHERE
from tokenline.core.tus import MEDIA

Document = dict[str, Any]

KIND_OF: dict[str, str | None] = {
    "conversation_id": "conversation",
    "parent_id": "message",
    "instead_of": "message",
    "client_copy_id": None,
    "ticket_id": "answered",
    "message_id": "answer",
    "attachment_id": "attachment",
    "attachment_ids": "attachment",
    "upload_id": "upload",
    "webhook_id": "webhook",
    "share_id": "share",
    "token": "share_token",
    "link": "link",
    "key_id": "api_key",
    "sign_in_id": "sign_in",
    # Nobody's: what an installation offers, and names that callers choose.
    "agent_id": None,
    "model_id": None,
    "client_message_id": None,
    "tool_call_id": None,
    "worker_id": None,
    "pool": None,
}
"""For each field or parameter that names something: which kind of `people.KINDS` it is; `None`: nobody's."""

KIND_AT: dict[tuple[str, str], str] = {
    ("choose_path", "message_id"): "message",
    ("copy_conversation", "message_id"): "message",
    ("retry_message", "message_id"): "message",
    ("edit_question", "ticket_id"): "waiting",
    ("retry_delivery", "ticket_id"): "delivery",
    ("read_thumbnail", "attachment_id"): "picture",
    ("share_conversation", "conversation_id"): "talk",
    ("bump_ticket", "ticket_id"): "waiting",
    ("demote_ticket", "ticket_id"): "waiting",
    ("move_ticket", "ticket_id"): "waiting",
    ("retry_dead_letter", "ticket_id"): "dead",
    ("discard_dead_letter", "ticket_id"): "dead",
}
"""Where an operation needs another kind than its parameter's name says."""

PUBLIC: dict[str, str] = {"model_id": "assistant", "worker_id": "worker-2", "pool": "idle"}
"""Values of path parameters that are nobody's."""

BODIES: dict[str, dict[str, Any]] = {
    "register": {"email": "{new}@example.org", "password": "correct horse battery"},
    "login": {"email": "{email}", "password": "correct horse battery"},
    "refresh": {"refresh_token": "{refresh_token}"},
    "logout": {"refresh_token": "{refresh_token}"},
    "change_password": {"password": "correct horse battery", "new_password": "battery horse correct"},
    "delete_account": {"password": "correct horse battery"},
    "create_api_key": {"name": "bot"},
    "create_conversation": {"title": "Mine"},
    "change_conversation": {"title": "Ours"},
    "read_up_to": {"seq": 1},
    "rate_answer": {"rating": "down", "comment": "No."},
    "ask_in_conversation": {"content": "What is it?"},
    "ask": {"content": "What is it?"},
    "search_files": {"query": "anything"},
    "import_conversations": {
        "format": "tokenline.conversations",
        "version": 1,
        "exported_at": 1,
        "conversations": [],
    },
    "edit_question": {"content": "What is this?"},
    "choose_path": {"message_id": "{message}"},
    "copy_conversation": {},
    "upload": {"file": ("notes.txt", b"Some notes.")},
    "append_to_upload": {},
    "attach_url": {"url": f"https://{ANYWHERE}/page"},
    "register_webhook": {"url": "https://hooks.example.org/told"},
    "completions": {"model": "assistant", "messages": [{"role": "user", "content": "Hello"}]},
    "bump_ticket": {},
    "demote_ticket": {},
    "move_ticket": {"pool": "default"},
}
"""For each operation with a body: the least that succeeds. ``{new}``, ``{email}``, ``{refresh_token}`` and the kinds
of `people` are filled in; a tuple is a file."""

HEADERS: dict[str, dict[str, str]] = {
    "begin_upload": {"tus-resumable": "1.0.0", "upload-length": "100"},
    "read_upload": {"tus-resumable": "1.0.0"},
    "append_to_upload": {"tus-resumable": "1.0.0", "upload-offset": "0", "content-type": MEDIA},
    "end_upload": {"tus-resumable": "1.0.0"},
}
"""For each operation that asks for them: those that succeed."""

REFUSED = {("dashboard", "register"): 403, ("gateway", "exchange"): 404, ("dashboard", "exchange"): 404}
"""Calls that are refused to everybody: accounts are opened at the gateways, and there is no provider here."""

MISSING = {("ask_in_conversation", "body", "conversation_id"): 400}
"""Where a missing thing is not answered with 404: the address names the conversation already."""

FOR_PEOPLE = {
    "delete_account",
    "create_api_key",
    "revoke_api_key",
    "change_password",
    "list_sign_ins",
    "end_sign_in",
    "end_sign_ins",
}
"""Operations that no API key may call, whatever its scopes."""

FOR_READERS = {"socket_ticket", "search_files"}
"""Operations that only look, although they are no GET."""

FOR_ANY_KEY = {"me"}

OPENAI = "/v1/"
"""Under it unknown fields are ignored, as OpenAI does; everywhere else they are refused."""


@dataclass(frozen=True)
class Slot:
    """A place in a call that names something of somebody's. ``where``: ``path``, ``query`` or ``body``."""

    where: str
    name: str
    kind: str
    many: bool = False


@dataclass(frozen=True)
class Operation:
    service: str
    method: str
    path: str
    about: Document = field(hash=False, compare=False, repr=False)
    document: Document = field(hash=False, compare=False, repr=False)

    @property
    def name(self) -> str:
        name: str = self.about["operationId"]
        return name

    @property
    def signed_in(self) -> bool:
        return "security" in self.about

    @property
    def administrative(self) -> bool:
        return self.path.startswith("/api/v1/admin/")

    def answers_at(self, path: str) -> bool:
        """``path`` may be that of another operation."""
        return re.fullmatch(re.sub(r"\\{[^/]*\\}", "[^/]+", re.escape(self.path)), path) is not None

    def parameters(self, where: str) -> list[str]:
        return [one["name"] for one in self.about.get("parameters", ()) if one["in"] == where]

    @property
    def media(self) -> str | None:
        """Of the body; ``None``: it has none."""
        content = self.about.get("requestBody", {}).get("content", {})
        return next(iter(content), None)

    @property
    def fields(self) -> dict[str, Document]:
        """Of the body, by name."""
        if self.media is None:
            return {}
        properties: dict[str, Document] = self.resolved(self.about["requestBody"]["content"][self.media]["schema"]).get(
            "properties", {}
        )
        return properties

    def resolved(self, schema: Document) -> Document:
        """The schema that a reference, or the one choice beside null, leads to."""
        while "$ref" in schema or "anyOf" in schema:
            if "anyOf" in schema:
                schema = next(one for one in schema["anyOf"] if one.get("type") != "null")
            else:
                schema = self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return schema

    def named(self) -> Iterator[tuple[str, str]]:
        """Every place that names something, and where it is: ``path``, ``query`` or ``body``."""
        yield from (("path", name) for name in self.parameters("path"))
        yield from (("query", name) for name in self.parameters("query") if _names_something(name))
        yield from (("body", name) for name in self.fields if _names_something(name))

    def slots(self) -> Iterator[Slot]:
        """Every place that names something of somebody's."""
        for where, name in self.named():
            if kind := KIND_AT.get((self.name, name), KIND_OF.get(name)):
                yield Slot(where, name, kind, many=where == "body" and name.endswith("s"))

    def unknown(self) -> list[str]:
        """What the tables lack, in sentences that say what to add to them."""
        what = f"{self.method} {self.path}"
        lacking = [
            f"{what} has in its {where} a {name!r} that these tests do not know. Add it to KIND_OF in "
            f"tests/security/recipes.py: the kind of thing that it names, which people.KINDS makes; or None if it "
            f"names nothing of anybody's."
            for where, name in self.named()
            if name not in KIND_OF
        ]
        lacking += [
            f"{what} needs a value for {name!r} that is nobody's. Add it to PUBLIC in tests/security/recipes.py."
            for name in self.parameters("path")
            if KIND_OF.get(name, "") is None and name not in PUBLIC
        ]
        if self.media is not None and self.name not in BODIES:
            lacking.append(
                f"{what} takes a body, and these tests do not know which one succeeds. Add {self.name!r} to BODIES in "
                f"tests/security/recipes.py."
            )
        return lacking

    def body(self) -> dict[str, Any] | None:
        """The least that succeeds; ``None``: it has none."""
        return None if self.media is None else dict(BODIES.get(self.name, {}))


def _names_something(name: str) -> bool:
    return name.endswith(("_id", "_ids")) or name == "id"


def headers_of(operation: Operation) -> dict[str, str]:
    """What it asks for beside who asks."""
    return dict(HEADERS.get(operation.name, {}))


def path_values(operation: Operation, own: Belongings) -> dict[str, str]:
    """Everything in the path, as somebody names their own."""
    kinds = {slot.name: slot.kind for slot in operation.slots() if slot.where == "path"}
    return {name: own[kinds[name]] if name in kinds else PUBLIC.get(name, "x") for name in operation.parameters("path")}


@cache
def documents() -> dict[str, Document]:
    """By service; `test_documents` holds them against what is served."""
    return {"gateway": create_gateway(MagicMock()).openapi(), "dashboard": create_dashboard(MagicMock()).openapi()}


@cache
def operations() -> tuple[Operation, ...]:
    return tuple(
        Operation(service, method.upper(), path, about, document)
        for service, document in documents().items()
        for path, methods in document["paths"].items()
        for method, about in methods.items()
    )


def title_of(operation: Operation) -> str:
    """For pytest."""
    return f"{operation.service}-{operation.name}"
