"""Tokens are renewed in time, one at a time, and the password is used again when the sign-in itself has ended."""

import asyncio

import pytest

from tokenline.client.credentials import Fixed, SignIn
from tokenline.contracts.accounts import TokenPair
from tokenline.contracts.errors import NotSignedIn, TokenExpired
from tokenline.core.clock import ManualClock


class Gateway:
    def __init__(self) -> None:
        self.asked: list[str] = []
        self.ended = False

    async def post(self, path: str, body: dict[str, str]) -> TokenPair:
        self.asked.append(path.rpartition("/")[2])
        await asyncio.sleep(0)
        if self.ended and path.endswith("refresh"):
            raise TokenExpired
        number = len(self.asked)
        return TokenPair(access_token=f"a{number}", refresh_token=f"r{number}", expires_in=600)


async def test_one_sign_in_serves_many_and_is_renewed_a_minute_early():
    gateway, clock = Gateway(), ManualClock()
    sign_in = SignIn(gateway.post, "a@example.org", "p", clock.monotonic)
    assert set(await asyncio.gather(*(sign_in.bearer() for _ in range(5)))) == {"a1"}
    assert sign_in.renew_in_s() == 540
    clock.advance(539)
    assert await sign_in.bearer() == "a1"
    clock.advance(1)
    assert await sign_in.bearer() == "a2"
    assert gateway.asked == ["login", "refresh"]


async def test_a_refused_token_is_renewed_once_for_all_who_had_it():
    gateway = Gateway()
    sign_in = SignIn(gateway.post, "a@example.org", "p", ManualClock().monotonic)
    first = await sign_in.bearer()
    assert set(await asyncio.gather(*(sign_in.bearer(first) for _ in range(5)))) == {"a2"}
    gateway.ended = True
    assert await sign_in.bearer("a2") == "a4"
    assert gateway.asked == ["login", "refresh", "refresh", "login"]


async def test_signing_out_is_once_and_only_where_there_was_a_sign_in():
    gateway = Gateway()
    sign_in = SignIn(gateway.post, "a@example.org", "p", ManualClock().monotonic)
    await sign_in.end(gateway.post)
    await sign_in.bearer()
    await sign_in.end(gateway.post)
    await sign_in.end(gateway.post)
    assert gateway.asked == ["login", "logout"]


async def test_a_key_cannot_be_renewed():
    key = Fixed("tl_x")
    assert (await key.bearer(), key.renew_in_s()) == ("tl_x", None)
    with pytest.raises(NotSignedIn):
        await key.bearer("tl_x")
