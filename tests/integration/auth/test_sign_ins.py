"""Seeing where one is signed in, and ending it (I1)."""

from tests.integration.auth.conftest import ANN, BOB, Gateway, Gateways, code
from tokenline.core.clock import ManualClock

FIREFOX = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}


async def _login(gateway: Gateway, headers: dict[str, str] | None = None) -> dict[str, str]:
    answer = await gateway.http.post("/api/v1/auth/login", json=ANN, headers=headers or {})
    assert answer.status_code == 200
    pair: dict[str, str] = answer.json()
    return pair


async def _list(gateway: Gateway, pair: dict[str, str]) -> list[dict[str, object]]:
    items: list[dict[str, object]] = (await gateway.get("/me/sign-ins", pair["access_token"])).json()["items"]
    return items


async def test_sign_ins_are_listed_used_last_first(gateway: Gateway, clock: ManualClock) -> None:
    began = clock.now()
    phone = await gateway.register()
    clock.advance(100)
    laptop = await _login(gateway, FIREFOX)
    clock.advance(100)
    phone = (await gateway.post("/auth/refresh", {"refresh_token": phone["refresh_token"]})).json()
    await gateway.register(BOB)
    first, second = await _list(gateway, laptop)
    assert (first["created_at"], first["used_at"], first["current"]) == (began, began + 200, False)
    assert (second["created_at"], second["used_at"], second["current"]) == (began + 100, began + 100, True)
    assert (first["agent"], second["agent"]) == ("python-httpx2", "Firefox on Linux")


async def test_one_is_ended_and_others_stay(gateway: Gateway, another_gateway: Gateways, clock: ManualClock) -> None:
    elsewhere = another_gateway()
    phone, laptop = await gateway.register(), await _login(gateway)
    assert (await elsewhere.get("/me", phone["access_token"])).status_code == 200
    [other] = [item["id"] for item in await _list(gateway, laptop) if not item["current"]]
    assert (await gateway.call("DELETE", f"/me/sign-ins/{other}", None, laptop["access_token"])).status_code == 204
    assert (await gateway.get("/me", phone["access_token"])).status_code == 401
    clock.advance(2)
    assert (await elsewhere.get("/me", phone["access_token"])).status_code == 401
    assert (await gateway.post("/auth/refresh", {"refresh_token": phone["refresh_token"]})).status_code == 401
    assert len(await _list(gateway, laptop)) == 1
    again = await gateway.call("DELETE", f"/me/sign-ins/{other}", None, laptop["access_token"])
    assert code(again) == (404, "not_found")


async def test_somebody_elses_sign_in_is_a_missing_one(gateway: Gateway) -> None:
    ann, bob = await gateway.register(), await gateway.register(BOB)
    [hers] = await _list(gateway, ann)
    foreign = await gateway.call("DELETE", f"/me/sign-ins/{hers['id']}", None, bob["access_token"])
    absent = await gateway.call("DELETE", "/me/sign-ins/no-such", None, bob["access_token"])
    assert (foreign.status_code, foreign.content) == (absent.status_code, absent.content)
    assert foreign.status_code == 404
    assert (await gateway.get("/me", ann["access_token"])).status_code == 200


async def test_signing_out_everywhere(gateway: Gateway) -> None:
    pairs = [await gateway.register(), await _login(gateway), await _login(gateway)]
    key = await gateway.new_key(pairs[0]["access_token"])
    bob = await gateway.register(BOB)
    kept = await gateway.call("DELETE", "/me/sign-ins?keep_current=true", None, pairs[1]["access_token"])
    assert kept.status_code == 204
    statuses = [(await gateway.get("/me", pair["access_token"])).status_code for pair in pairs]
    assert statuses == [401, 200, 401]
    assert (await gateway.call("DELETE", "/me/sign-ins", None, pairs[1]["access_token"])).status_code == 204
    for pair in pairs:
        assert (await gateway.get("/me", pair["access_token"])).status_code == 401
        assert (await gateway.post("/auth/refresh", {"refresh_token": pair["refresh_token"]})).status_code == 401
    # Programs are not signed in: their keys are revoked by themselves.
    assert (await gateway.get("/me", key["key"])).status_code == 200
    assert (await gateway.get("/me", bob["access_token"])).status_code == 200


async def test_a_key_neither_sees_nor_ends_sign_ins(gateway: Gateway) -> None:
    pair = await gateway.register()
    key = (await gateway.new_key(pair["access_token"]))["key"]
    [one] = await _list(gateway, pair)
    for method, path in (("GET", ""), ("DELETE", ""), ("DELETE", f"/{one['id']}")):
        assert code(await gateway.call(method, f"/me/sign-ins{path}", None, key)) == (403, "not_allowed")
    assert (await gateway.get("/me", pair["access_token"])).status_code == 200
