"""Password guessing (B16): throttled per account and per address, and no way to learn who has an account."""

import asyncio
from typing import Any

import httpx2
import pytest

from tests.integration.auth.conftest import ANN, BOB, Gateway, code, make_app
from tokenline.adapters.store_sqlite import SqliteStore
from tokenline.contracts.accounts import User
from tokenline.core.clock import ManualClock
from tokenline.runtime.auth import passwords

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
    judged = sum(answer.status_code == 401 for answer in answers)
    assert 10 <= judged < 10 + passwords.THREADS
    assert sum(answer.status_code == 429 for answer in answers) == 40 - judged


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
