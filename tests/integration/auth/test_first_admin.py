"""The first administrator (I7)."""

import asyncio

import pytest

from tests.integration.auth.conftest import ANN, BOB, Gateway, Gateways
from tokenline.adapters.store_sqlite import SqliteStore
from tokenline.contracts.errors import Misconfigured, WeakPassword


async def test_it_is_created_once_and_can_sign_in(gateway: Gateway) -> None:
    assert await gateway.accounts.ensure_first_admin(**ANN)
    token = (await gateway.post("/auth/login", ANN)).json()["access_token"]
    assert (await gateway.get("/me", token)).json()["role"] == "admin"
    assert not await gateway.accounts.ensure_first_admin(**ANN)
    assert not await gateway.accounts.ensure_first_admin(**BOB)
    assert (await gateway.post("/auth/login", BOB)).status_code == 401


async def test_of_several_gateways_one_creates_it(gateway: Gateway, another_gateway: Gateways) -> None:
    gateways = [gateway, *(another_gateway() for _ in range(4))]
    made = await asyncio.gather(*(place.accounts.ensure_first_admin(**ANN) for place in gateways))
    assert sum(made) == 1


async def test_even_with_different_addresses(gateway: Gateway, another_gateway: Gateways, store: SqliteStore) -> None:
    made = await asyncio.gather(
        gateway.accounts.ensure_first_admin(**ANN), another_gateway().accounts.ensure_first_admin(**BOB)
    )
    assert sum(made) == 1
    users = [await store.user_by_email(person["email"]) for person in (ANN, BOB)]
    assert sum(user is not None for user in users) == 1


async def test_an_ordinary_account_is_never_promoted(gateway: Gateway) -> None:
    token = (await gateway.register())["access_token"]
    with pytest.raises(Misconfigured):
        await gateway.accounts.ensure_first_admin(**ANN)
    assert (await gateway.get("/me", token)).json()["role"] == "user"
    assert await gateway.accounts.ensure_first_admin(**BOB)


async def test_a_weak_password_is_refused_and_the_next_try_goes_on(gateway: Gateway) -> None:
    with pytest.raises(WeakPassword):
        await gateway.accounts.ensure_first_admin("ann@example.org", "admin")
    assert await gateway.accounts.ensure_first_admin(**ANN)
