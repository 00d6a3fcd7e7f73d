"""Sign-out, demotion and disabling reach every gateway and every open socket within seconds (B4)."""

from typing import Any

import pytest
from msgspec.structs import replace

from tests.integration.auth.conftest import ANN, Gateway, Gateways, code
from tokenline.adapters.store_sqlite import SqliteStore
from tokenline.contracts.accounts import Role
from tokenline.contracts.errors import NotSignedIn, TokenExpired
from tokenline.core.clock import ManualClock

BELIEVED_S = 2.0


async def _change(store: SqliteStore, **changes: Any) -> None:
    user = await store.user_by_email(ANN["email"])
    assert user is not None
    await store.update_user(replace(user, **changes))


async def test_a_disabled_user_is_refused_everywhere(gateway: Gateway, store: SqliteStore, clock: ManualClock) -> None:
    pair = await gateway.register()
    key = (await gateway.new_key(pair["access_token"]))["key"]
    socket = await gateway.accounts.authenticate(pair["access_token"])
    await _change(store, disabled=True)
    clock.advance(BELIEVED_S)
    for credential in (pair["access_token"], key):
        assert code(await gateway.get("/me", credential)) == (401, "not_signed_in")
    with pytest.raises(NotSignedIn):
        await gateway.accounts.recheck(socket)
    assert (await gateway.post("/auth/refresh", {"refresh_token": pair["refresh_token"]})).status_code == 401
    assert code(await gateway.post("/auth/login", ANN)) == (401, "wrong_credentials")


async def test_a_demoted_administrator_loses_the_role_with_the_old_token(
    gateway: Gateway, store: SqliteStore, clock: ManualClock
) -> None:
    await gateway.accounts.ensure_first_admin(**ANN)
    token = (await gateway.post("/auth/login", ANN)).json()["access_token"]
    assert (await gateway.get("/admin/anything", token)).status_code == 200
    socket = replace(await gateway.accounts.authenticate(token), address="192.0.2.1")
    await _change(store, role=Role.USER, tier=1)
    clock.advance(BELIEVED_S)
    assert code(await gateway.get("/admin/anything", token)) == (403, "not_allowed")
    rechecked = await gateway.accounts.recheck(socket)
    assert (rechecked.role, rechecked.tier, rechecked.address) == (Role.USER, 1, "192.0.2.1")


async def test_administration_is_for_administrators(gateway: Gateway) -> None:
    token = (await gateway.register())["access_token"]
    assert code(await gateway.get("/admin/anything", token)) == (403, "not_allowed")
    assert code(await gateway.get("/admin/anything")) == (401, "not_signed_in")


async def test_signing_out_reaches_sockets_on_other_gateways(gateway: Gateway, another_gateway: Gateways) -> None:
    elsewhere = another_gateway()
    pair = await gateway.register()
    socket = await elsewhere.accounts.authenticate(pair["access_token"])
    await gateway.post("/auth/logout", {"refresh_token": pair["refresh_token"]})
    with pytest.raises(NotSignedIn):
        await elsewhere.accounts.recheck(socket)


async def test_a_revoked_key_reaches_its_sockets(gateway: Gateway, another_gateway: Gateways) -> None:
    elsewhere = another_gateway()
    token = (await gateway.register())["access_token"]
    made = await gateway.new_key(token)
    here, there = [await place.accounts.authenticate(made["key"]) for place in (gateway, elsewhere)]
    await gateway.call("DELETE", f"/api-keys/{made['id']}", None, token)
    with pytest.raises(NotSignedIn):
        await gateway.accounts.recheck(here)
    with pytest.raises(NotSignedIn):
        await elsewhere.accounts.recheck(there)


async def test_an_open_socket_learns_that_its_token_ran_out_and_goes_on_with_the_next(
    gateway: Gateway, clock: ManualClock
) -> None:
    pair = await gateway.register()
    socket = await gateway.accounts.authenticate(pair["access_token"])
    clock.advance(599)
    assert await gateway.accounts.recheck(socket) == socket
    clock.advance(1)
    with pytest.raises(TokenExpired):
        await gateway.accounts.recheck(socket)
    pair = (await gateway.post("/auth/refresh", {"refresh_token": pair["refresh_token"]})).json()
    renewed = await gateway.accounts.authenticate(pair["access_token"])
    assert (renewed.user_id, renewed.credential_id) == (socket.user_id, socket.credential_id)


async def test_hot_paths_do_not_ask_the_store_every_time(
    gateway: Gateway, store: SqliteStore, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = (await gateway.register())["access_token"]
    key = (await gateway.new_key(token))["key"]
    clock.advance(BELIEVED_S)
    asked: list[str] = []
    for name in ("get_user", "refresh_family_is_live", "api_key_by_hash", "api_keys"):
        real = getattr(store, name)

        async def counted(argument: Any, name: str = name, real: Any = real) -> Any:
            asked.append(name)
            return await real(argument)

        monkeypatch.setattr(store, name, counted)
    for _ in range(50):
        await gateway.accounts.authenticate(token)
        await gateway.accounts.authenticate(key)
    assert sorted(asked) == ["api_key_by_hash", "api_keys", "get_user", "refresh_family_is_live"]
