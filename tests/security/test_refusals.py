"""B3, B4, B15, I3: who may not call a route is told so, whatever the call names, and nothing is done."""

import pytest
from fastapi.routing import iter_route_contexts

from tests.security.calls import own_call
from tests.security.conftest import administrator
from tests.security.credentials import Headers, bad_credentials, bearer, change_user
from tests.security.people import Person
from tests.security.recipes import (
    FOR_ANY_KEY,
    FOR_PEOPLE,
    FOR_READERS,
    OPENAI,
    Operation,
    headers_of,
    operations,
    title_of,
)
from tests.security.stage import Stage, soon
from tests.security.test_ownership import rows_of
from tests.support.documented import ANYBODY
from tokenline.contracts.accounts import Role

SIGNED_IN = [operation for operation in operations() if operation.signed_in]
OF_ADMINS = [operation for operation in operations() if operation.administrative]
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"}
ADDRESSES = sorted({(operation.service, operation.path) for operation in operations()})


@pytest.fixture(scope="module")
def refused(house: Stage) -> dict[str, Headers]:
    return bad_credentials(house)


def test_nothing_but_signing_in_and_the_probes_is_open_to_everybody() -> None:
    assert {operation.name for operation in operations() if not operation.signed_in} == ANYBODY


@pytest.mark.parametrize("operation", SIGNED_IN, ids=title_of)
def test_no_credential_that_is_none_opens_a_route(
    house: Stage, victim: Person, refused: dict[str, Headers], operation: Operation
) -> None:
    call = own_call(operation, victim)
    before = rows_of(house, victim)
    for what, headers in refused.items():
        call.headers = headers_of(operation) | headers
        answer = call.send(house)
        assert answer.status == 401, f"{what}: {answer.status} {answer.body!r}"
        assert answer.headers["www-authenticate"] == "Bearer"
        expected = "token_expired" if what == "expired" else "not_signed_in"
        if operation.path.startswith(OPENAI):
            expected = {"not_signed_in": "invalid_api_key"}.get(expected, expected)
        assert answer.code == expected or operation.method == "HEAD", what
        assert victim.canary not in answer.everything
        assert answer.calls == [], f"{what}: looked at something before asking who asks"
    assert rows_of(house, victim) == before


@pytest.mark.parametrize("operation", OF_ADMINS, ids=title_of)
def test_administration_is_for_administrators(house: Stage, victim: Person, operation: Operation) -> None:
    """B15: not even what is one's own."""
    call, key = own_call(operation, victim), bearer(_key_of(victim))
    before = rows_of(house, victim)
    for headers in (victim.headers, key):
        call.headers = headers
        answer = call.send(house)
        assert (answer.status, answer.code) == (403, "not_allowed")
        assert answer.calls == []
        assert victim.canary not in answer.everything
    assert rows_of(house, victim) == before


def test_who_is_no_administrator_any_more_is_told_within_five_seconds(house: Stage) -> None:
    former = administrator(house)
    http = house.http["dashboard"]
    for operation in OF_ADMINS:
        if operation.method == "GET":
            assert own_call(operation, former).send(house).status == 200
    change_user(house, former, role=Role.USER)
    soon(lambda: http.get("/api/v1/admin/pools", headers=former.headers).status_code == 403)
    for operation in OF_ADMINS:
        answer = own_call(operation, former).send(house)
        assert (answer.status, answer.code) == (403, "not_allowed"), operation


def needed(operation: Operation) -> str | None:
    """The scope that a key needs; ``None``: none will do."""
    if operation.name in FOR_PEOPLE:
        return None
    if operation.administrative:
        return "admin"
    return "read" if operation.method in ("GET", "HEAD", "OPTIONS") or operation.name in FOR_READERS else "chat"


@pytest.mark.parametrize("operation", SIGNED_IN, ids=title_of)
def test_a_key_does_what_its_scopes_say_and_nothing_else(house: Stage, admin: Person, operation: Operation) -> None:
    person = admin if operation.administrative else Person(house, "keys")
    person.own.afresh()
    call, enough = own_call(operation, person), needed(operation)
    for scopes in (("read",), ("chat",), ("admin",)):
        key = person.post("/api/v1/api-keys", {"name": "key", "scopes": scopes})["key"]
        call.headers = headers_of(operation) | bearer(key)
        answer = call.send(house)
        if operation.name in FOR_ANY_KEY or enough in scopes or (enough == "read" and scopes == ("chat",)):
            assert answer.status < 300, f"{scopes}: {answer.body!r}"
        else:
            assert answer.status == 403, scopes
            assert answer.code == "not_allowed" or operation.method == "HEAD", scopes
            assert answer.calls == []


@pytest.mark.parametrize(("service", "path"), ADDRESSES)
def test_no_other_method_leads_anywhere(house: Stage, victim: Person, service: str, path: str) -> None:
    # An address may also be read as one with an id in it.
    taken = {one.method: one for one in operations() if one.service == service and one.answers_at(path)}
    known = next(iter(taken.values()))
    for method in METHODS - taken.keys():
        call = own_call(known, victim)
        call.method = method
        answer = call.send(house)
        if method == "HEAD" and "206" in known.about["responses"]:
            assert (answer.status, answer.body) == (200, b"")  # how long a download will be
            continue
        assert answer.status == 405, f"{method}: {answer.body!r}"
        assert answer.headers["allow"] == ", ".join(sorted(taken))
        assert method == "HEAD" or answer.code == "method_not_allowed"
        assert answer.calls == []


def test_no_route_is_in_hiding(house: Stage) -> None:
    """What is not in the documents is known here, so that nothing escapes these tests."""
    known = {(one.service, one.path) for one in operations()}
    for service, app in house.apps.items():
        hidden = {route.path for route in iter_route_contexts(app.routes) if (service, route.path_format) not in known}
        assert hidden == HIDDEN[service]


def _key_of(person: Person) -> str:
    key: str = person.post("/api/v1/api-keys", {"name": "key"})["key"]
    return key


OIDC = {"/api/v1/auth/oidc/start", "/api/v1/auth/oidc/callback"}
"""Where browsers are sent from one to the next."""

HIDDEN = {
    "gateway": {
        "/openapi.json",
        "/asyncapi.json",
        "/v1/{path:path}",
        "/api/v1/chat/ws",
        "/ws/chat/{conversation_id}",
        "",
        *OIDC,
    },
    "dashboard": {"/openapi.json", "/asyncapi.json", "/api/v1/admin/ws", "", *OIDC},
}
"""The documents themselves, sockets, the page, and the refusal of what is not OpenAI's."""
