"""Hashes: the parameters promised, the same work for nobody, a bounded queue."""

import asyncio

import pytest

from tokenline.contracts.errors import RateLimited
from tokenline.runtime.auth import passwords as module
from tokenline.runtime.auth.passwords import Passwords

pytestmark = pytest.mark.usefixtures("costly_hashes")


async def test_argon2id_with_the_promised_parameters() -> None:
    hashed = await Passwords().hash("correct horse")
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_right_wrong_and_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []
    verify = module._hasher.verify

    def counted(password: str, password_hash: str) -> bool:
        checked.append(password_hash)
        return verify(password, password_hash)

    monkeypatch.setattr(module._hasher, "verify", counted)
    passwords = Passwords()
    hashed = await passwords.hash("correct horse")
    assert await passwords.verify("correct horse", hashed)
    assert not await passwords.verify("battery staple", hashed)
    assert not await passwords.verify("correct horse", None)
    assert not await passwords.verify("the password of no account", None)
    assert len(checked) == 4
    assert checked[2].startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_a_turn_may_be_refused_when_it_comes() -> None:
    passwords = Passwords(threads=1)
    hashed = await passwords.hash("correct horse")
    turns: list[int] = []

    async def once() -> None:
        if turns:
            raise RateLimited("no", retry_after_s=1)
        turns.append(1)

    results = await asyncio.gather(
        *(passwords.verify("wrong", hashed, before=once) for _ in range(5)), return_exceptions=True
    )
    assert results[0] is False
    assert all(isinstance(result, RateLimited) for result in results[1:])


async def test_the_queue_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_WAITING", 2)
    passwords = Passwords(threads=1)
    results = await asyncio.gather(*(passwords.hash("x") for _ in range(6)), return_exceptions=True)
    assert sum(isinstance(result, str) for result in results) == 3
    refused = [result for result in results if isinstance(result, RateLimited)]
    assert len(refused) == 3
    assert refused[0].detail["retry_after_s"] > 0
