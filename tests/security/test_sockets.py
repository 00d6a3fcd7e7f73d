"""B1, B5 on sockets: who may open one, and what can be heard on it of somebody else."""

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, get_args

import msgspec
import pytest
from fastapi.routing import APIWebSocketRoute, iter_route_contexts
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from tests.security.credentials import bearer
from tests.security.people import Person
from tests.security.recipes import KIND_OF
from tests.security.spellings import in_bodies, in_paths
from tests.security.stage import Stage
from tests.security.test_ownership import rows_of
from tokenline.contracts import frames
from tokenline.core.clock import SystemClock, new_id
from tokenline.runtime.documents.schemas import tag_of

LIMIT_S = 10.0
FRAMES: dict[str, dict[str, Any]] = {
    "auth": {"token": "garbage"},
    "send": {"client_message_id": "{new}", "content": "What is it?"},
    "edit": {"content": "What is this?"},
    "typing": {"active": True},
    "read": {"seq": 1},
}
"""For each client frame: what it needs besides ids."""
KIND_IN: dict[tuple[str, str], str] = {("edit", "ticket_id"): "waiting"}
ALL = "/api/v1/chat/ws"
PATHS = {"gateway": (ALL, "/ws/chat/{conversation_id}"), "dashboard": ("/api/v1/admin/ws",)}

_numbers = itertools.count(1)


def slots() -> Iterator[tuple[str, str, bool]]:
    """Frame type, field, and whether it is a list, of everything that names something of somebody's."""
    for frame in get_args(frames.ClientFrame):
        for field in msgspec.structs.fields(frame):
            if field.name.endswith(("_id", "_ids")):
                assert field.name in KIND_OF, (
                    f"The frame {tag_of(frame)!r} names something in {field.name!r} that these tests do not know. "
                    f"Add it to KIND_OF in tests/security/recipes.py."
                )
                if KIND_OF[field.name] is not None:
                    yield tag_of(frame), field.name, field.name.endswith("s")


SLOTS = list(slots())


def kind_in(frame: str, field: str) -> str:
    kind = KIND_IN.get((frame, field), KIND_OF[field])
    assert kind is not None
    return kind


class Socket:
    def __init__(self, raw: ClientConnection) -> None:
        self.raw = raw

    def send(self, **frame: Any) -> None:
        self.raw.send(json.dumps(frame))

    def heard(self) -> list[dict[str, Any]]:
        """Everything up to the answer to a ping."""
        number = next(_numbers)
        self.send(type="ping", id=number)
        found: list[dict[str, Any]] = []
        while True:
            frame = json.loads(self.raw.recv(LIMIT_S))
            if frame == {"type": "pong", "id": number}:
                return found
            found.append(frame)


@contextmanager
def socket(house: Stage, person: Person, path: str = ALL) -> Iterator[Socket]:
    """As a program of theirs opens it."""
    key = person.post("/api/v1/api-keys", {"name": "socket"})["key"]
    with connect(f"ws{house.gateway[4:]}{path}", additional_headers=bearer(key), compression=None) as raw:
        assert json.loads(raw.recv(LIMIT_S))["type"] == "ready"
        yield Socket(raw)


def frame_of(person: Person, kind: str, field: str, value: Any) -> dict[str, Any]:
    """With all that it names their own, but for one field."""
    named = {name: person.own[kind_in(kind, name)] for frame, name, many in SLOTS if frame == kind and not many}
    body = {name: f"m{next(_numbers)}" if value == "{new}" else value for name, value in FRAMES.get(kind, {}).items()}
    return {"type": kind} | named | body | {field: value}


@pytest.mark.parametrize(("kind", "field", "many"), SLOTS)
def test_a_foreign_thing_is_a_missing_one_in_every_frame(
    house: Stage, victim: Person, kind: str, field: str, many: bool
) -> None:
    attacker = Person(house, "attacker")
    foreign, missing = victim.own[kind_in(kind, field)], new_id(SystemClock().now())
    before = rows_of(house, victim)
    with socket(house, attacker) as open_socket:
        answers = []
        for one in (missing, foreign, *in_bodies(foreign).values()):
            frame = frame_of(attacker, kind, field, [one] if many else one)
            open_socket.heard()
            open_socket.send(**frame)
            heard = open_socket.heard()
            assert victim.canary not in json.dumps(heard, ensure_ascii=False)
            # Beside it may come what happened to the attacker's own things a moment ago.
            errors = json.dumps([one for one in heard if one["type"] == "error"], ensure_ascii=False)
            answers.append(errors.replace(str(frame.get("client_message_id")), "…").replace(one, "…"))
    if kind != "typing":
        assert ("file_gone" if field == "attachment_ids" else "not_found") in answers[0]
    assert answers[1] == answers[0]
    assert rows_of(house, victim) == before


def test_no_frame_tells_of_what_somebody_else_does(house: Stage, attacker: Person) -> None:
    with socket(house, attacker) as one, socket(house, attacker, f"/ws/chat/{attacker.own['conversation']}") as other:
        victim = Person(house, "busy")
        theirs = victim.own.all()
        victim.http.patch(
            f"/api/v1/chat/conversations/{theirs['conversation']}", json={"title": f"New {victim.canary}"}
        )
        victim.http.patch(f"/api/v1/chat/tickets/{theirs['waiting']}", json={"content": f"Other {victim.canary}"})
        victim.http.post(f"/api/v1/chat/tickets/{theirs['waiting']}/cancel")
        victim.http.delete(f"/api/v1/attachments/{theirs['attachment']}")
        for heard in (json.dumps(one.heard()), json.dumps(other.heard())):
            for word in (victim.canary, victim.id, *theirs.values()):
                assert word not in heard


def test_the_socket_of_a_foreign_conversation_is_that_of_a_missing_one(house: Stage, victim: Person) -> None:
    attacker = Person(house, "attacker")
    headers = bearer(attacker.post("/api/v1/api-keys", {"name": "socket"})["key"])
    foreign, missing = victim.own["conversation"], new_id(SystemClock().now())

    def met(path: str) -> tuple[str, object]:
        try:
            with connect(f"ws{house.gateway[4:]}/ws/chat/{path}", additional_headers=headers) as raw:
                said = str(raw.recv(LIMIT_S))
                with pytest.raises(ConnectionClosed) as closed:
                    raw.recv(LIMIT_S)
                return said, closed.value.rcvd
        except InvalidStatus as refused:
            return str(refused.response.body), refused.response.status_code

    assert met(foreign) == met(missing)
    assert "not_found" in met(missing)[0]
    for trick, spelt in in_paths(foreign).items():
        said, code = met(spelt)
        assert victim.canary not in said, trick
        assert "not_found" in said or code == 403, (trick, said, code)


def origins(address: str) -> list[str | None]:
    host, port = address.removeprefix("http://").split(":")
    return [
        None,
        "null",
        "https://evil.example",
        f"http://{host}:1",
        f"http://{host}",
        f"http://{host}:{port}.evil.example",
        f"http://evil.example:{port}",
        f"http://{host}:{port}@evil.example",
        f"http://evil.example#http://{host}:{port}",
        f"http://{host}:{port}/",
        f"ws://{host}:{port}",
        "file://",
        "chrome-extension://abcdefghijklmnop",
        f"http://{host}:{port}, https://evil.example",
        "",
    ]


def test_every_socket_is_known_here(house: Stage) -> None:
    for service, app in house.apps.items():
        routes = iter_route_contexts(app.routes)
        known = {one.path for one in routes if isinstance(one.original_route, APIWebSocketRoute)}
        assert known == set(PATHS[service]), "Add it to PATHS in tests/security/test_sockets.py."


@pytest.mark.parametrize(("service", "path"), [(name, path) for name, paths in PATHS.items() for path in paths])
def test_no_page_of_another_site_opens_a_socket(house: Stage, admin: Person, service: str, path: str) -> None:
    """B1: not with any credential that a browser could bring along, and not even to see whether there is one."""
    address = house.gateway if service == "gateway" else house.dashboard
    path = path.format(conversation_id=admin.own["conversation"])
    ticket = admin.post("/api/v1/auth/ws-ticket")["ticket"]
    token = admin.tokens["access_token"]
    for origin in origins(address):
        for query, headers in (("", {}), (f"?ticket={ticket}", {}), ("", bearer(token)), ("", {"cookie": token})):
            with pytest.raises(InvalidStatus) as refused, _opening(address, path + query, origin, headers):
                pass
            assert refused.value.response.status_code == 403, origin
    # Each credential is as good as ever on the own page.
    for query, headers in ((f"?ticket={ticket}", {}), ("", bearer(token))):
        with _opening(address, path + query, address, headers) as raw:
            assert json.loads(raw.recv(LIMIT_S))["type"] == "ready"


def _opening(address: str, path: str, origin: str | None, headers: dict[str, str]) -> ClientConnection:
    shown = None if origin is None else Origin(origin)
    return connect(f"ws{address[4:]}{path}", origin=shown, additional_headers=headers, compression=None)
