"""Keys for programs (I3), and other people's ids (B5)."""

import re
from typing import Any

import pytest

from tests.integration.auth.conftest import ANN, BOB, Gateway, Gateways, code
from tokenline.contracts.accounts import Scope
from tokenline.contracts.errors import TokenExpired
from tokenline.core.clock import ManualClock
from tokenline.runtime.auth.api_keys import MAX_API_KEYS


async def test_a_key_is_shown_once_and_works(gateway: Gateway) -> None:
    token = (await gateway.register())["access_token"]
    made = await gateway.new_key(token)
    assert made["name"] == "bot"
    assert re.fullmatch(r"tl_[A-Za-z0-9_-]{43}", made["key"])
    listed = (await gateway.get("/api-keys", token)).json()
    assert listed["next"] is None
    assert [(item["id"], item["name"]) for item in listed["items"]] == [(made["id"], "bot")]
    assert made["key"] not in str(listed)
    assert "hash" not in str(listed)
    me = (await gateway.get("/me", made["key"])).json()
    assert (me["email"], me["via"]) == ("ann@example.org", "api_key")


async def test_a_key_outlives_the_sign_in_that_made_it(gateway: Gateway, clock: ManualClock) -> None:
    pair = await gateway.register()
    key = (await gateway.new_key(pair["access_token"]))["key"]
    await gateway.post("/auth/logout", {"refresh_token": pair["refresh_token"]})
    clock.advance(365 * 86400.0)
    assert (await gateway.get("/me", key)).status_code == 200


async def test_a_revoked_key_is_refused_here_at_once_and_elsewhere_within_two_seconds(
    gateway: Gateway, another_gateway: Gateways, clock: ManualClock
) -> None:
    elsewhere = another_gateway()
    token = (await gateway.register())["access_token"]
    made = await gateway.new_key(token)
    for place in (gateway, elsewhere):
        assert (await place.get("/me", made["key"])).status_code == 200
    assert (await gateway.call("DELETE", f"/api-keys/{made['id']}", None, token)).status_code == 204
    assert (await gateway.get("/me", made["key"])).status_code == 401
    clock.advance(2)
    assert (await elsewhere.get("/me", made["key"])).status_code == 401
    assert (await gateway.get("/api-keys", token)).json()["items"] == []
    assert code(await gateway.call("DELETE", f"/api-keys/{made['id']}", None, token)) == (404, "not_found")


async def test_somebody_elses_key_is_as_missing(gateway: Gateway) -> None:
    ann, bob = await gateway.register(), await gateway.register(BOB)
    made = await gateway.new_key(ann["access_token"])
    for spelling in (made["id"], made["id"].upper(), made["id"] + "%20", "%2e%2e"):
        foreign = await gateway.call("DELETE", f"/api-keys/{spelling}", None, bob["access_token"])
        absent = await gateway.call(
            "DELETE", "/api-keys/01900000-0000-7000-8000-000000000000", None, bob["access_token"]
        )
        assert foreign.status_code == absent.status_code == 404
    foreign = await gateway.call("DELETE", f"/api-keys/{made['id']}", None, bob["access_token"])
    assert (foreign.content, foreign.headers) == (absent.content, absent.headers)
    assert (await gateway.get("/api-keys", bob["access_token"])).json()["items"] == []
    assert (await gateway.get("/me", made["key"])).status_code == 200


async def test_a_key_makes_no_keys_and_ends_none(gateway: Gateway) -> None:
    token = (await gateway.register())["access_token"]
    made = await gateway.new_key(token)
    assert code(await gateway.post("/api-keys", {"name": "more"}, made["key"])) == (403, "not_allowed")
    deleted = await gateway.call("DELETE", f"/api-keys/{made['id']}", None, made["key"])
    assert code(deleted) == (403, "not_allowed")


async def test_what_only_looks_like_a_key(gateway: Gateway) -> None:
    token = (await gateway.register())["access_token"]
    key = (await gateway.new_key(token))["key"]
    for wrong in ("tl_", "tl_" + "A" * 43, key[:-1], key + "A", key.upper(), key + "\u00e9", "TL_" + key[3:]):
        answer = await gateway.http.get("/api/v1/me", headers={b"Authorization": f"Bearer {wrong}".encode("latin-1")})
        assert answer.status_code == 401


async def test_names_and_numbers_of_keys_are_bounded(gateway: Gateway) -> None:
    token = (await gateway.register())["access_token"]
    for name in ("", "x" * 101):
        assert code(await gateway.post("/api-keys", {"name": name}, token)) == (422, "invalid_request")
    for number in range(MAX_API_KEYS):
        assert (await gateway.post("/api-keys", {"name": str(number)}, token)).status_code == 201
    assert code(await gateway.post("/api-keys", {"name": "one more"}, token)) == (409, "conflict")


# ── what a key may do, and for how long ──────────────────────────────────────────────────────────────────────────────


async def _key(gateway: Gateway, token: str, **body: Any) -> dict[str, Any]:
    answer = await gateway.post("/api-keys", {"name": "bot", **body}, token)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def test_a_key_without_scopes_named_may_do_what_keys_always_could(gateway: Gateway) -> None:
    await gateway.accounts.ensure_first_admin(**ANN)
    token = (await gateway.post("/auth/login", ANN)).json()["access_token"]
    made = await _key(gateway, token)
    assert (made["scopes"], made["expires_at"], made["used_at"]) == (["chat", "admin"], None, None)
    assert (await gateway.get("/admin/anything", made["key"])).status_code == 200


@pytest.mark.parametrize(
    ("scopes", "allowed"),
    [
        (["read"], {"look"}),
        (["chat"], {"look", "ask"}),
        (["admin"], {"administer"}),
        (["read", "admin"], {"look", "administer"}),
        (["chat", "admin"], {"look", "ask", "administer"}),
    ],
)
async def test_a_key_may_do_what_its_scopes_say(gateway: Gateway, scopes: list[str], allowed: set[str]) -> None:
    await gateway.accounts.ensure_first_admin(**ANN)
    token = (await gateway.post("/auth/login", ANN)).json()["access_token"]
    key = (await _key(gateway, token, scopes=scopes))["key"]
    assert (await gateway.get("/me", key)).status_code == 200
    for what, method, path, scope in (
        ("look", "GET", "/api-keys", "read"),
        ("look", "POST", "/auth/ws-ticket", "read"),
        ("ask", "POST", "/anything", "chat"),
        ("administer", "GET", "/admin/anything", "admin"),
    ):
        answer = await gateway.call(method, path, None, key)
        if what in allowed:
            assert answer.status_code == 200, (what, answer.text)
        else:
            assert code(answer) == (403, "not_allowed")
            assert answer.json()["error"]["detail"] == {"scope": scope}


async def test_the_scope_of_an_administrator_makes_none(gateway: Gateway) -> None:
    token = (await gateway.register())["access_token"]
    key = (await _key(gateway, token, scopes=["admin"]))["key"]
    assert code(await gateway.get("/admin/anything", key)) == (403, "not_allowed")


async def test_a_socket_ticket_carries_the_scopes_of_its_key(gateway: Gateway) -> None:
    token = (await gateway.register())["access_token"]
    key = (await _key(gateway, token, scopes=["read"]))["key"]
    ticket = (await gateway.post("/auth/ws-ticket", None, key)).json()["ticket"]
    assert (await gateway.accounts.redeem_socket_ticket(ticket)).scopes == {Scope.READ}


async def test_scopes_and_days_are_checked(gateway: Gateway) -> None:
    token = (await gateway.register())["access_token"]
    wrongs: tuple[dict[str, Any], ...]
    wrongs = ({"scopes": []}, {"scopes": ["root"]}, {"scopes": "chat"}, {"expires_in_days": 0}, {"key": "tl_x"})
    for wrong in wrongs:
        answer = await gateway.post("/api-keys", {"name": "bot", **wrong}, token)
        assert code(answer) == (422, "invalid_request"), wrong


async def test_numbers_are_numbers_as_json_has_them(gateway: Gateway) -> None:
    token = (await gateway.register())["access_token"]
    for days in (True, "5", 1.5):
        answer = await gateway.post("/api-keys", {"name": "bot", "expires_in_days": days}, token)
        assert code(answer) == (422, "invalid_request"), days
    for most, per_s in ((True, 60), ("5", 60), (5, "60"), (5, True)):
        limits = {"messages": {"max": most, "per_s": per_s}}
        answer = await gateway.post("/api-keys", {"name": "bot", "limits": limits}, token)
        assert code(answer) == (422, "invalid_request"), limits
    made = await _key(gateway, token, expires_in_days=5.0, limits={"messages": {"max": 5.0, "per_s": 60}})
    assert made["limits"]["messages"] == {"max": 5, "per_s": 60.0}


async def test_a_key_expires_with_what_it_opened(gateway: Gateway, clock: ManualClock) -> None:
    token = (await gateway.register())["access_token"]
    made = await _key(gateway, token, expires_in_days=1)
    assert made["expires_at"] == clock.now() + 86_400
    socket = await gateway.accounts.authenticate(made["key"])
    clock.advance(86_399)
    assert (await gateway.get("/me", made["key"])).status_code == 200
    clock.advance(1)
    assert code(await gateway.get("/me", made["key"])) == (401, "token_expired")
    with pytest.raises(TokenExpired):
        await gateway.accounts.recheck(socket)
    token = (await gateway.post("/auth/login", ANN)).json()["access_token"]
    assert [item["id"] for item in (await gateway.get("/api-keys", token)).json()["items"]] == [made["id"]]


async def test_when_a_key_was_used_is_written_down_now_and_then(
    gateway: Gateway, another_gateway: Gateways, clock: ManualClock
) -> None:
    elsewhere = another_gateway()
    token = (await gateway.register())["access_token"]
    made = await _key(gateway, token)
    first = clock.now()
    await elsewhere.get("/me", made["key"])
    clock.advance(10)
    for _ in range(3):
        await gateway.get("/me", made["key"])
    assert [item["used_at"] for item in (await gateway.get("/api-keys", token)).json()["items"]] == [None]
    await gateway.accounts.keys.write_used()
    await elsewhere.accounts.keys.write_used()
    assert [item["used_at"] for item in (await gateway.get("/api-keys", token)).json()["items"]] == [first + 10]
