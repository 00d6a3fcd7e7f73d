"""Changing one's password (I1, B16)."""

import asyncio

import pytest
from msgspec.structs import replace

from tests.integration.auth.conftest import ANN, Gateway, code
from tokenline.adapters.store_sqlite import SqliteStore
from tokenline.contracts.errors import WrongCredentials
from tokenline.core.clock import ManualClock

NEW = "staple battery"


async def _change(gateway: Gateway, token: str, present: str | None = ANN["password"], new: str = NEW):
    body = {"new_password": new} if present is None else {"password": present, "new_password": new}
    return await gateway.post("/me/password", body, token)


async def test_the_new_password_opens_the_account_and_the_old_one_does_not(gateway: Gateway) -> None:
    pair = await gateway.register()
    assert (await _change(gateway, pair["access_token"])).status_code == 204
    assert code(await gateway.post("/auth/login", ANN)) == (401, "wrong_credentials")
    assert (await gateway.post("/auth/login", {**ANN, "password": NEW})).status_code == 200


async def test_every_other_sign_in_ends_and_this_one_goes_on(gateway: Gateway) -> None:
    stolen = await gateway.register()
    mine = (await gateway.post("/auth/login", ANN)).json()
    assert (await _change(gateway, mine["access_token"])).status_code == 204
    assert (await gateway.get("/me", stolen["access_token"])).status_code == 401
    assert (await gateway.post("/auth/refresh", {"refresh_token": stolen["refresh_token"]})).status_code == 401
    assert (await gateway.get("/me", mine["access_token"])).status_code == 200
    assert (await gateway.post("/auth/refresh", {"refresh_token": mine["refresh_token"]})).status_code == 200


async def test_without_the_present_password_nothing_changes(gateway: Gateway) -> None:
    pair = await gateway.register()
    token = pair["access_token"]
    assert code(await _change(gateway, token, "wrong horse")) == (403, "wrong_password")
    assert code(await _change(gateway, token, None)) == (403, "wrong_password")
    assert code(await _change(gateway, token, new="short")) == (422, "weak_password")
    key = (await gateway.new_key(token))["key"]
    assert code(await _change(gateway, key)) == (403, "not_allowed")
    assert (await gateway.post("/auth/login", ANN)).status_code == 200


async def test_guessing_it_is_throttled_together_with_signing_in(gateway: Gateway) -> None:
    token = (await gateway.register())["access_token"]
    for _ in range(10):
        assert code(await _change(gateway, token, "wrong horse")) == (403, "wrong_password")
    assert code(await _change(gateway, token)) == (429, "rate_limited")
    assert code(await gateway.post("/auth/login", ANN)) == (429, "rate_limited")


async def test_a_sign_in_with_the_old_password_that_was_under_way_is_not_left_behind(
    gateway: Gateway, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = await gateway.register()
    add, reached, go_on = store.add_refresh_token, asyncio.Event(), asyncio.Event()

    async def late(token):
        reached.set()
        await go_on.wait()
        await add(token)

    monkeypatch.setattr(store, "add_refresh_token", late)
    signing_in = asyncio.create_task(gateway.accounts.login(**ANN))
    await reached.wait()
    assert (await _change(gateway, mine["access_token"])).status_code == 204
    go_on.set()
    with pytest.raises(WrongCredentials):
        await signing_in
    assert len((await gateway.get("/me/sign-ins", mine["access_token"])).json()["items"]) == 1


async def test_an_account_without_a_password_gets_one_soon_after_signing_in(
    gateway: Gateway, store: SqliteStore, clock: ManualClock
) -> None:
    token = (await gateway.register())["access_token"]
    user = await store.user_by_email(ANN["email"])
    assert user is not None
    await store.update_user(replace(user, password_hash=""))
    for guess in ("", "the password of no account", ANN["password"]):
        assert code(await gateway.post("/auth/login", {**ANN, "password": guess})) == (401, "wrong_credentials")
    clock.advance(599)
    assert (await _change(gateway, token, None)).status_code == 204
    assert (await gateway.post("/auth/login", {**ANN, "password": NEW})).status_code == 200


async def test_but_not_long_after(gateway: Gateway, store: SqliteStore, clock: ManualClock) -> None:
    pair = await gateway.register()
    user = await store.user_by_email(ANN["email"])
    assert user is not None
    await store.update_user(replace(user, password_hash=""))
    clock.advance(601)
    pair = (await gateway.post("/auth/refresh", {"refresh_token": pair["refresh_token"]})).json()
    assert code(await _change(gateway, pair["access_token"], None)) == (403, "sign_in_too_old")
