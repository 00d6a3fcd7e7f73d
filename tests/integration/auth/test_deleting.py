"""Deleting one's account: who may, and that it is over at once. What it leaves behind: `tests/integration/erasing`."""

import asyncio
from typing import Any

import httpx2
import pytest
from msgspec.structs import replace

from tests.integration.auth.conftest import ANN, BOB, Gateway, Gateways, code
from tokenline.adapters.store_sqlite import SqliteStore
from tokenline.contracts.accounts import Role
from tokenline.contracts.errors import NotSignedIn
from tokenline.core.clock import ManualClock


async def _delete(gateway: Gateway, token: str, body: dict[str, Any] | None = None) -> httpx2.Response:
    return await gateway.call("DELETE", "/me", {"password": ANN["password"]} if body is None else body, token)


async def test_it_is_over_at_once_and_everywhere(
    gateway: Gateway, another_gateway: Gateways, clock: ManualClock, store: SqliteStore
) -> None:
    elsewhere = another_gateway()
    pair = await gateway.register()
    other = (await gateway.post("/auth/login", ANN)).json()
    key = (await gateway.new_key(pair["access_token"]))["key"]
    socket = await elsewhere.accounts.authenticate(other["access_token"])
    answer = await _delete(gateway, pair["access_token"])
    assert (answer.status_code, answer.content) == (202, b"")
    for credential in (pair["access_token"], other["access_token"], key):
        assert (await gateway.get("/me", credential)).status_code == 401
    with pytest.raises(NotSignedIn):
        await elsewhere.accounts.recheck(socket)
    clock.advance(2)
    assert (await elsewhere.get("/me", key)).status_code == 401
    for tokens in (pair, other):
        assert (await gateway.post("/auth/refresh", {"refresh_token": tokens["refresh_token"]})).status_code == 401
    assert code(await gateway.post("/auth/login", ANN)) == (401, "wrong_credentials")
    [erasure] = await store.erasures(10)
    assert erasure.email == ANN["email"]


async def test_the_address_can_be_registered_again_and_is_somebody_new(gateway: Gateway) -> None:
    first = await gateway.register()
    id_before = (await gateway.get("/me", first["access_token"])).json()["id"]
    await _delete(gateway, first["access_token"])
    again = await gateway.register()
    me = (await gateway.get("/me", again["access_token"])).json()
    assert (me["email"], me["id"] == id_before) == (ANN["email"], False)
    assert (await gateway.get("/me", first["access_token"])).status_code == 401
    assert (await gateway.get("/api-keys", again["access_token"])).json()["items"] == []


async def test_without_the_password_nothing_happens(gateway: Gateway, store: SqliteStore) -> None:
    token = (await gateway.register())["access_token"]
    key = (await gateway.new_key(token))["key"]
    for body in ({"password": "wrong horse"}, {}):
        assert code(await _delete(gateway, token, body)) == (403, "wrong_password")
    assert code(await _delete(gateway, key)) == (403, "not_allowed")
    assert code(await _delete(gateway, token, {**ANN, "password": "x"})) == (422, "invalid_request")
    assert (await gateway.call("DELETE", "/me", {"password": "x"}, None)).status_code == 401
    assert await store.erasures(10) == []
    for _ in range(8):
        await _delete(gateway, token, {"password": "wrong horse"})
    assert code(await _delete(gateway, token)) == (429, "rate_limited")
    assert (await gateway.get("/me", token)).status_code == 200


async def test_an_account_without_a_password_needs_a_fresh_sign_in(
    gateway: Gateway, store: SqliteStore, clock: ManualClock
) -> None:
    pair = await gateway.register()
    user = await store.user_by_email(ANN["email"])
    assert user is not None
    await store.update_user(replace(user, password_hash=""))
    clock.advance(601)
    pair = (await gateway.post("/auth/refresh", {"refresh_token": pair["refresh_token"]})).json()
    assert code(await _delete(gateway, pair["access_token"], {})) == (403, "sign_in_too_old")
    assert code(await _delete(gateway, pair["access_token"])) == (403, "sign_in_too_old")


async def test_the_last_administrator_stays(gateway: Gateway, store: SqliteStore) -> None:
    await gateway.accounts.ensure_first_admin(**ANN)
    token = (await gateway.post("/auth/login", ANN)).json()["access_token"]
    assert code(await _delete(gateway, token)) == (409, "last_administrator")
    assert (await gateway.get("/me", token)).status_code == 200
    await gateway.register(BOB)
    bob = await store.user_by_email(BOB["email"])
    assert bob is not None
    await store.update_user(replace(bob, role=Role.ADMIN))
    assert (await _delete(gateway, token)).status_code == 202


async def test_of_two_administrators_who_leave_at_once_one_stays(
    gateway: Gateway, another_gateway: Gateways, store: SqliteStore
) -> None:
    await gateway.accounts.ensure_first_admin(**ANN)
    ann = (await gateway.post("/auth/login", ANN)).json()["access_token"]
    token = (await gateway.register(BOB))["access_token"]
    bob = await store.user_by_email(BOB["email"])
    assert bob is not None
    await store.update_user(replace(bob, role=Role.ADMIN))
    answers = await asyncio.gather(
        _delete(gateway, ann), _delete(another_gateway(), token, {"password": BOB["password"]})
    )
    assert sorted(answer.status_code for answer in answers) in ([202, 409], [202, 503])
    assert await store.has_admin()
