"""Password guessing (B16): throttled per account and per address, and no way to learn who has an account."""

import asyncio
from typing import Any

import httpx2
import pytest

from tests.integration.auth.conftest import ANN, BOB, SECRET, Gateway, Gateways, code, make_app
from tokenline.adapters.store_sqlite import SqliteStore
from tokenline.contracts.accounts import User
from tokenline.core.clock import ManualClock
from tokenline.runtime.auth import passwords
from tokenline.runtime.auth.accounts import Accounts
from tokenline.runtime.limits import LimitSetting, SignInLimits

pytestmark = pytest.mark.usefixtures("costly_hashes")

WRONG = {**ANN, "password": "wrong horse"}


async def _guess(gateway: Gateway, address: str, body: dict[str, str]) -> httpx2.Response:
    transport = httpx2.ASGITransport(app=make_app(gateway.accounts), client=(address, 1))
    async with httpx2.AsyncClient(transport=transport, base_url="http://tokenline") as http:
        return await http.post("/api/v1/auth/login", json=body)


async def test_an_account_is_closed_after_ten_failures_from_anywhere(gateway: Gateway, clock: ManualClock) -> None:
    await gateway.register()
    for number in range(10):
        assert code(await _guess(gateway, f"198.51.100.{number}", WRONG)) == (401, "wrong_credentials")
    answer = await _guess(gateway, "198.51.100.200", ANN)
    assert code(answer) == (429, "rate_limited")
    assert answer.headers["retry-after"] == "300"
    clock.advance(300)
    assert (await _guess(gateway, "198.51.100.200", ANN)).status_code == 200


async def test_an_address_is_closed_after_ten_failures_at_any_account(gateway: Gateway) -> None:
    await gateway.register()
    for number in range(10):
        guess = {**WRONG, "email": f"user{number}@example.org"}
        assert (await _guess(gateway, "198.51.100.1", guess)).status_code == 401
    assert code(await _guess(gateway, "198.51.100.1", ANN)) == (429, "rate_limited")
    assert (await _guess(gateway, "198.51.100.2", ANN)).status_code == 200


async def test_ones_own_account_does_not_pay_for_guesses_at_others(gateway: Gateway) -> None:
    await gateway.register()
    await gateway.register(BOB)
    for _ in range(5):
        for guess in (WRONG, WRONG, BOB):
            last = await _guess(gateway, "198.51.100.1", guess)
    assert last.status_code == 429


async def test_guesses_in_parallel_do_not_slip_through(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    await gateway.register()
    answers = await asyncio.gather(*(_guess(gateway, "198.51.100.1", WRONG) for _ in range(40)))
    assert sorted(answer.status_code for answer in answers) == [401] * 10 + [429] * 30


async def test_unknown_wrong_and_disabled_answer_alike(
    gateway: Gateway, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await gateway.register()
    await gateway.register(BOB)
    await _disable(store, "bob@example.org")
    hashes: list[Any] = []
    verify = passwords._hasher.verify

    def counted(password: str, password_hash: str) -> bool:
        hashes.append(password_hash)
        return verify(password, password_hash)

    monkeypatch.setattr(passwords._hasher, "verify", counted)
    bodies = (WRONG, {**ANN, "email": "nobody@example.org"}, BOB, {**ANN, "email": "no address"})
    answers = [await gateway.post("/auth/login", body) for body in bodies]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1
    assert len({str(sorted(answer.headers.items())) for answer in answers}) == 1
    assert len(hashes) == 4, "each is paid for with one hash"
    assert all(entry.startswith("$argon2id$v=19$m=19456,t=2,p=1$") for entry in hashes)


async def test_an_unknown_account_is_throttled_like_a_known_one(gateway: Gateway) -> None:
    nobody = {**ANN, "email": "nobody@example.org"}
    codes = [code(await _guess(gateway, f"198.51.100.{number}", nobody)) for number in range(11)]
    assert codes == [(401, "wrong_credentials")] * 10 + [(429, "rate_limited")]


async def _disable(store: SqliteStore, email: str) -> None:
    user = await store.user_by_email(email)
    assert isinstance(user, User)
    await store.update_user(User(**{**{f: getattr(user, f) for f in user.__struct_fields__}, "disabled": True}))


async def test_gateways_count_together_and_none_forgets_at_a_restart(
    gateway: Gateway, another_gateway: Gateways, clock: ManualClock
) -> None:
    await gateway.register()
    other = another_gateway()
    for number in range(10):
        await _guess((gateway, other)[number % 2], f"198.51.100.{number}", WRONG)
    for closed in (gateway, other, another_gateway()):
        assert code(await _guess(closed, "198.51.100.200", ANN)) == (429, "rate_limited")
    clock.advance(300)
    assert (await _guess(another_gateway(), "198.51.100.200", ANN)).status_code == 200


async def test_guesses_at_several_gateways_at_once_do_not_slip_through(
    gateway: Gateway, another_gateway: Gateways
) -> None:
    gateways = (gateway, another_gateway(), another_gateway())
    guesses = (_guess(one, f"198.51.100.{n}", WRONG) for n in range(10) for one in gateways)
    answers = await asyncio.gather(*guesses)
    assert sorted(answer.status_code for answer in answers) == [401] * 10 + [429] * 20


async def test_people_who_know_their_password_are_never_too_many(gateway: Gateway) -> None:
    await gateway.register()
    answers = await asyncio.gather(*(_guess(gateway, "198.51.100.1", ANN) for _ in range(25)))
    assert {answer.status_code for answer in answers} == {200}


async def test_a_throttled_answer_tells_nothing_of_the_account(gateway: Gateway) -> None:
    await gateway.register()
    refused = []
    for number, email in enumerate((ANN["email"], "nobody@example.org")):
        for guess in range(11):
            last = await _guess(gateway, f"198.51.100.{100 * number + guess}", {**WRONG, "email": email})
        refused.append((last.status_code, last.content, sorted(last.headers.items())))
    assert refused[0] == refused[1]
    assert refused[0][0] == 429


async def test_all_addresses_of_an_ipv6_subscriber_are_one(gateway: Gateway) -> None:
    for number in range(10):
        guess = {**WRONG, "email": f"user{number}@example.org"}
        assert (await _guess(gateway, f"2001:db8::{number + 1:x}", guess)).status_code == 401
    assert (await _guess(gateway, "2001:db8::ffff", BOB)).status_code == 429
    assert (await _guess(gateway, "2001:db8:0:1::1", BOB)).status_code == 401


async def test_guessing_by_changing_the_password_counts_as_well(gateway: Gateway) -> None:
    token = (await gateway.register())["access_token"]
    body = {"password": "wrong horse", "new_password": "a new horse of mine"}
    codes = [code(await gateway.post("/me/password", body, token)) for _ in range(11)]
    assert codes == [(403, "wrong_password")] * 10 + [(429, "rate_limited")]
    assert code(await _guess(gateway, "198.51.100.1", ANN)) == (429, "rate_limited")


async def test_a_flood_of_refused_guesses_does_not_reach_the_store(
    gateway: Gateway, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    charge = store.charge

    async def counted(*arguments: Any) -> Any:
        asked.append(arguments)
        return await charge(*arguments)

    monkeypatch.setattr(store, "charge", counted)
    for _ in range(60):
        await _guess(gateway, "198.51.100.1", WRONG)
    assert len(asked) == 11, "ten that were judged, and one that was refused"


async def test_attempts_to_register_are_counted_whatever_comes_of_them(store: SqliteStore, clock: ManualClock) -> None:
    refused: list[Any] = []
    limits = SignInLimits(registrations=LimitSetting(max=3, per_s=3600))
    accounts = Accounts(store, clock, SECRET, limits=limits, refused=refused.append)
    gateway = Gateway(accounts, httpx2.AsyncClient())

    async def register(address: str, **body: str) -> tuple[int, str]:
        transport = httpx2.ASGITransport(app=make_app(gateway.accounts), client=(address, 1))
        async with httpx2.AsyncClient(transport=transport, base_url="http://tokenline") as http:
            answer = await http.post("/api/v1/auth/register", json=ANN | body)
        return (201, "") if answer.status_code == 201 else code(answer)

    assert [await register("198.51.100.1") for _ in range(3)] == [(201, ""), (409, "email_taken"), (409, "email_taken")]
    for email in (ANN["email"], "new@example.org", "no address"):
        assert await register("198.51.100.1", email=email) == (429, "rate_limited")
    assert await register("198.51.100.2", email="new@example.org") == (201, "")
    assert len(refused) == 3, "each counts in the metric"


async def test_the_store_knows_neither_addresses_nor_who_was_guessed_at(
    gateway: Gateway, store: SqliteStore, clock: ManualClock
) -> None:
    await _guess(gateway, "198.51.100.77", {**WRONG, "email": "secret.person@example.org"})
    rows = await store._database.read(lambda connection: connection.execute("SELECT key FROM used").fetchall())
    assert len(rows) == 2
    assert not any("secret" in key or "198.51" in key for (key,) in rows)
