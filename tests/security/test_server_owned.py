"""B10: what the server decides cannot be slipped in, neither in a body nor in a form, a query or a header."""

import itertools
from typing import Any

import pytest

from tests.security.calls import own_call
from tests.security.people import Person
from tests.security.recipes import OPENAI, Document, Operation, operations, title_of
from tests.security.stage import Stage
from tests.security.test_ownership import rows_of

OWNED = (
    *("id", "owner_id", "user_id", "actor_id", "email_verified", "role", "is_admin", "tier", "priority", "disabled"),
    *("created_at", "updated_at", "expires_at", "used_at", "deadline_at", "version", "seq", "generation", "attempt"),
    *("state", "status", "ticket_id", "question_id", "answer_id", "message_id", "leaf_id", "parent_id", "reply_to"),
    *(
        "path",
        "file",
        "files",
        "url",
        "storage_key",
        "size_bytes",
        "mime_type",
        "hash",
        "key",
        "secret",
        "password_hash",
    ),
    *("pool", "limits", "usage", "citations", "unread", "context", "options", "__proto__", "constructor"),
)
"""Fields of what is stored, and some that others have fallen for."""
HEADERS = {
    "x-user-id": "{id}",
    "x-owner-id": "{id}",
    "x-forwarded-user": "{id}",
    "x-forwarded-email": "{email}",
    "x-remote-user": "{email}",
    "x-original-url": "/api/v1/me",
    "x-rewrite-url": "/api/v1/me",
    "x-http-method-override": "DELETE",
    "x-role": "admin",
}
BODIES = [one for one in operations() if one.media == "application/json" and not one.path.startswith(OPENAI)]
LOOKING = [one for one in operations() if one.method == "GET" and one.signed_in and not one.administrative]


@pytest.mark.parametrize("operation", BODIES, ids=title_of)
def test_the_documents_allow_no_unknown_field_at_any_depth(operation: Operation) -> None:
    schema = operation.about["requestBody"]["content"]["application/json"]["schema"]
    assert _open_ones(operation, schema, operation.name) == []


def _open_ones(operation: Operation, schema: Document, where: str) -> list[str]:
    """Objects that take anything."""
    if "$ref" in schema:
        schema = operation.resolved(schema)
    found = []
    if "properties" in schema and schema.get("additionalProperties") is not False:
        found.append(where)
    for name, inner in schema.get("properties", {}).items():
        found += _open_ones(operation, inner, f"{where}.{name}")
    for inner in (*schema.get("anyOf", ()), *([schema["items"]] if isinstance(schema.get("items"), dict) else ())):
        found += _open_ones(operation, inner, where)
    return found


@pytest.mark.parametrize("operation", BODIES, ids=title_of)
def test_a_field_of_the_servers_is_refused_and_nothing_done(
    house: Stage, admin: Person, attacker: Person, victim: Person, operation: Operation
) -> None:
    person = admin if operation.administrative else attacker
    call = own_call(operation, person)
    plain = call.body
    before = rows_of(house, victim), kept(house, person)
    for name in OWNED:
        if name in operation.fields:
            continue
        for value in (victim.id, "admin", 9, True):
            call.body = {**(plain or {}), name: value}
            answer = call.send(house)
            assert answer.status in (400, 422), f"{name}: {answer.status} {answer.body!r}"
            assert answer.calls == [] or set(answer.calls) <= {"get_conversation", "charge"}, f"{name}: {answer.calls}"
    assert changed(before, (rows_of(house, victim), kept(house, person))) == []


def changed(before: tuple[list[str], ...], now: tuple[list[str], ...]) -> list[str]:
    """What is in one and not in the other."""
    return sorted({*itertools.chain(*before)} ^ {*itertools.chain(*now)})


def kept(house: Stage, person: Person) -> list[str]:
    """Their rows, but for what limits count: some count calls that come to nothing."""
    return [row for row in rows_of(house, person) if not row.startswith("used ")]


def test_what_an_openai_client_sends_beside_is_ignored(house: Stage, attacker: Person, victim: Person) -> None:
    [operation] = [one for one in operations() if one.name == "completions"]
    call = own_call(operation, attacker)
    call.body = {
        **(call.body or {}),
        **dict.fromkeys(OWNED, victim.id),
        "user": victim.id,
        "store": True,
        "metadata": {},
    }
    answer = call.send(house)
    assert answer.status == 200, answer.body
    ticket = answer.headers["x-tokenline-ticket"]

    async def stored() -> Any:
        return await house.store.get_ticket(ticket)

    kept = house.run(stored())
    assert (kept.owner_id, kept.priority, kept.pool) == (attacker.id, attacker.get("/api/v1/me")["tier"], "default")
    assert victim.id not in str(kept)


def test_a_form_says_nothing_of_a_file_but_its_name_and_its_bytes(
    house: Stage, attacker: Person, victim: Person
) -> None:
    [operation] = [one for one in operations() if one.name == "upload"]
    call = own_call(operation, attacker)
    call.body = {**(call.body or {}), **{name: victim.id for name in OWNED if name != "file"}, "name": "../../x"}
    answer = call.send(house)
    assert answer.status in (201, 422)
    assert answer.status == 422 or victim.id.encode() not in answer.body
    if answer.status == 201:
        assert attacker.id.encode() in answer.body


@pytest.mark.parametrize("operation", LOOKING, ids=title_of)
def test_no_query_and_no_header_makes_anybody_somebody_else(
    house: Stage, attacker: Person, victim: Person, operation: Operation
) -> None:
    call = own_call(operation, attacker)
    plain = call.send(house)
    call.query = dict.fromkeys(OWNED, victim.id) | {"as": victim.id, "sudo": victim.email}
    answer = call.send(house)
    assert answer.status in (plain.status, 422)
    assert victim.canary not in answer.everything
    call.query = {}
    call.headers |= {name: value.format(id=victim.id, email=victim.email) for name, value in HEADERS.items()}
    answer = call.send(house)
    assert (answer.status, victim.canary in answer.everything) == (plain.status, False)
