"""Keys for programs (I3), and other people's ids (B5)."""

import re

from tests.integration.auth.conftest import BOB, Gateway, Gateways, code
from tokenline.core.clock import ManualClock
from tokenline.runtime.auth.accounts import MAX_API_KEYS


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
