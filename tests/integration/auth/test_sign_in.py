"""Register, sign in, refresh, sign out (I1)."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from tests.integration.auth.conftest import ANN, BOB, SECRET, Gateway, code
from tokenline.adapters.store_sqlite import SqliteStore
from tokenline.contracts.errors import NotSignedIn, RegistrationClosed
from tokenline.core.clock import ManualClock
from tokenline.runtime.auth.accounts import Accounts
from tokenline.runtime.auth.sign_ins import REFRESH_TTL_S


async def test_registering_signs_in(gateway: Gateway) -> None:
    pair = await gateway.register()
    assert set(pair) == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert pair["token_type"] == "bearer"
    assert pair["expires_in"] == 600
    me = (await gateway.get("/me", pair["access_token"])).json()
    assert (me["email"], me["role"], me["tier"]) == ("ann@example.org", "user", 4)


async def test_signing_in_takes_any_spelling_of_the_address(gateway: Gateway) -> None:
    await gateway.register()
    answer = await gateway.post("/auth/login", {**ANN, "email": " ANN@Example.org "})
    assert answer.status_code == 200
    assert (await gateway.get("/me", answer.json()["access_token"])).status_code == 200


async def test_an_address_is_registered_once(gateway: Gateway) -> None:
    await gateway.register()
    assert code(await gateway.post("/auth/register", {**ANN, "email": "Ann@example.org"})) == (409, "email_taken")


async def test_of_many_at_once_one_registers(gateway: Gateway) -> None:
    answers = await asyncio.gather(*(gateway.post("/auth/register", ANN) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({**ANN, "password": "seven77"}, (422, "weak_password")),
        ({**ANN, "password": "x" * 1025}, (422, "weak_password")),
        ({**ANN, "email": "ann"}, (422, "invalid_email")),
        ({**ANN, "role": "admin"}, (422, "invalid_request")),
        ({**ANN, "tier": 9}, (422, "invalid_request")),
        ({"email": "ann@example.org"}, (422, "invalid_request")),
        ({"email": ["ann@example.org"], "password": "correct horse"}, (422, "invalid_request")),
        ({**ANN, "email": "a" * 2000}, (422, "invalid_request")),
    ],
    ids=str,
)
async def test_what_cannot_be_registered(gateway: Gateway, body: dict[str, object], expected: tuple[int, str]) -> None:
    assert code(await gateway.post("/auth/register", body)) == expected


async def test_half_a_character_is_no_text(gateway: Gateway) -> None:
    body = b'{"email": "ann@example.org", "password": "\\ud800 and more"}'
    headers = {"content-type": "application/json"}
    answer = await gateway.http.post("/api/v1/auth/register", content=body, headers=headers)
    assert code(answer) == (422, "invalid_request")


async def test_registration_can_be_closed(store: SqliteStore, clock: ManualClock) -> None:
    closed = Accounts(store, clock, SECRET, registration_open=False)
    assert RegistrationClosed.status == 403
    with pytest.raises(RegistrationClosed):
        await closed.register(**ANN)
    await closed.ensure_first_admin(**ANN)
    await closed.login(**ANN)


async def test_a_refresh_token_gives_the_next_pair_once(gateway: Gateway, clock: ManualClock) -> None:
    first = await gateway.register()
    clock.advance(600)
    assert code(await gateway.get("/me", first["access_token"])) == (401, "token_expired")
    second = (await gateway.post("/auth/refresh", {"refresh_token": first["refresh_token"]})).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert (await gateway.get("/me", second["access_token"])).status_code == 200


async def test_using_a_spent_token_ends_the_whole_sign_in_and_no_other(
    gateway: Gateway,
) -> None:
    stolen = await gateway.register()
    elsewhere = (await gateway.post("/auth/login", ANN)).json()
    fresh = (await gateway.post("/auth/refresh", {"refresh_token": stolen["refresh_token"]})).json()
    reused = await gateway.post("/auth/refresh", {"refresh_token": stolen["refresh_token"]})
    assert code(reused) == (401, "not_signed_in")
    assert code(await gateway.post("/auth/refresh", {"refresh_token": fresh["refresh_token"]}))[0] == 401
    for token in (stolen["access_token"], fresh["access_token"]):
        assert code(await gateway.get("/me", token)) == (401, "not_signed_in")
    assert (await gateway.get("/me", elsewhere["access_token"])).status_code == 200


async def test_two_refreshes_at_once_leave_nothing_usable(gateway: Gateway) -> None:
    pair = await gateway.register()
    body = {"refresh_token": pair["refresh_token"]}
    answers = await asyncio.gather(*(gateway.post("/auth/refresh", body) for _ in range(4)))
    assert sum(answer.status_code == 200 for answer in answers) <= 1
    for won in (answer.json() for answer in answers if answer.status_code == 200):
        assert (await gateway.get("/me", won["access_token"])).status_code == 401
        assert (await gateway.post("/auth/refresh", {"refresh_token": won["refresh_token"]})).status_code == 401


async def test_a_refresh_token_lasts_seven_days_from_its_rotation(gateway: Gateway, clock: ManualClock) -> None:
    pair = await gateway.register()
    for _ in range(3):
        clock.advance(REFRESH_TTL_S - 1)
        answer = await gateway.post("/auth/refresh", {"refresh_token": pair["refresh_token"]})
        assert answer.status_code == 200
        pair = answer.json()
    clock.advance(REFRESH_TTL_S)
    answer = await gateway.post("/auth/refresh", {"refresh_token": pair["refresh_token"]})
    assert answer.status_code == 401


async def test_signing_out_ends_access_at_once(gateway: Gateway) -> None:
    pair = await gateway.register()
    assert (await gateway.get("/me", pair["access_token"])).status_code == 200
    out = await gateway.post("/auth/logout", {"refresh_token": pair["refresh_token"]})
    assert (out.status_code, out.content) == (204, b"")
    assert (await gateway.get("/me", pair["access_token"])).status_code == 401
    assert (await gateway.post("/auth/refresh", {"refresh_token": pair["refresh_token"]})).status_code == 401
    again = await gateway.post("/auth/logout", {"refresh_token": pair["refresh_token"]})
    assert again.status_code == 204


async def test_signing_out_by_access_token_alone(gateway: Gateway) -> None:
    pair = await gateway.register()
    assert (await gateway.post("/auth/logout", None, pair["access_token"])).status_code == 204
    assert (await gateway.post("/auth/refresh", {"refresh_token": pair["refresh_token"]})).status_code == 401
    assert (await gateway.post("/auth/logout")).status_code == 401


async def test_signing_out_leaves_other_people_and_devices_alone(gateway: Gateway) -> None:
    phone, bob = await gateway.register(), await gateway.register(BOB)
    laptop = (await gateway.post("/auth/login", ANN)).json()
    await gateway.post("/auth/logout", {"refresh_token": phone["refresh_token"]})
    for pair in (laptop, bob):
        assert (await gateway.get("/me", pair["access_token"])).status_code == 200


@pytest.mark.usefixtures("costly_hashes")
async def test_the_store_holds_no_secret(gateway: Gateway, store: SqliteStore, tmp_path: Path) -> None:
    pair = await gateway.register()
    key = (await gateway.new_key(pair["access_token"]))["key"]
    with sqlite3.connect(tmp_path / "tokenline.db") as connection:
        dump = "\n".join(connection.iterdump())
    connection.close()
    assert "$argon2id$v=19$m=19456,t=2,p=1$" in dump
    for secret in (ANN["password"], pair["refresh_token"], pair["access_token"], key, key[3:]):
        assert secret not in dump


async def test_another_installations_tokens_are_worth_nothing(
    gateway: Gateway, store: SqliteStore, clock: ManualClock
) -> None:
    pair = await gateway.register()
    other = Accounts(store, clock, SECRET[::-1])
    with pytest.raises(NotSignedIn):
        await other.authenticate(pair["access_token"])
