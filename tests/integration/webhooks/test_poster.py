"""Posting to receivers that answer, refuse, lie and keep silent, over real connections."""

import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_network

import pytest

from tests.support.receiver import TLS, receiving
from tokenline.adapters.poster_http import GuardedPoster
from tokenline.contracts.errors import AddressRefused
from tokenline.core.ports.poster import NotPosted

LOOPBACK = (ip_network("127.0.0.0/8"),)


async def to_loopback(host: str, port: int) -> Sequence[str]:
    return ["127.0.0.1"]


@asynccontextmanager
async def poster(*, private: bool = True, timeout_s: float = 30, trusted: bool = True) -> AsyncIterator[GuardedPoster]:
    trust = ssl.create_default_context(cafile=str(TLS / "hooks.pem")) if trusted else None
    networks = LOOPBACK if private else ()
    made = GuardedPoster(networks, timeout_s, resolve=to_loopback, trust=trust)
    yield made
    await made.close()


async def test_what_is_posted_arrives_and_its_status_comes_back():
    async with receiving(202) as receiver, poster() as post:
        assert await post.post(receiver.url + "?a=b", {"x-mark": "1"}, b"{}") == 202
    [sent] = receiver.sent
    assert sent.line == "POST /end?a=b HTTP/1.1"
    assert sent.headers["host"] == receiver.url.split("/")[2]
    assert (sent.headers["x-mark"], sent.body) == ("1", b"{}")


@pytest.mark.parametrize("tls", [False, True])
async def test_private_addresses_are_not_even_connected_to_unless_allowed(tls: bool):
    async with receiving(tls=tls) as receiver, poster(private=False) as post:
        with pytest.raises(AddressRefused):
            await post.post(receiver.url, {}, b"{}")
        assert receiver.connections == 0


async def test_plain_http_leads_nowhere_but_into_allowed_networks():
    async def to_the_internet(host: str, port: int) -> Sequence[str]:
        return ["192.0.1.1"]

    post = GuardedPoster(LOOPBACK, 5, resolve=to_the_internet)
    with pytest.raises(AddressRefused):
        await post.post("http://hooks.example/", {}, b"{}")
    await post.close()


async def test_redirects_are_answers_and_are_not_followed():
    async with receiving() as other, receiving(307) as receiver, poster() as post:
        receiver.extra = f"location: {other.url}\r\n".encode()
        assert await post.post(receiver.url, {}, b"{}") == 307
        assert other.connections == 0


async def test_certificates_are_checked_against_the_name_in_the_address():
    async with receiving(tls=True) as receiver:
        async with poster() as post:
            assert await post.post(receiver.url, {}, b"{}") == 204
            with pytest.raises(NotPosted, match="certificate"):
                await post.post(receiver.url.replace("hooks.", "other."), {}, b"{}")
        async with poster(trusted=False) as post:
            with pytest.raises(NotPosted, match="certificate"):
                await post.post(receiver.url, {}, b"{}")
    assert len(receiver.sent) == 1


async def test_proxies_of_the_environment_are_not_asked(monkeypatch: pytest.MonkeyPatch):
    async with receiving() as proxy, receiving() as receiver, poster() as post:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert await post.post(receiver.url, {}, b"{}") == 204
        assert proxy.connections == 0


async def test_a_receiver_that_keeps_silent_costs_no_more_than_the_limit():
    async with receiving() as receiver, poster(timeout_s=0.2) as post:
        receiver.silent = True
        with pytest.raises(NotPosted, match=r"within 0\.2 s"):
            await post.post(receiver.url, {}, b"{}")


async def test_a_receiver_that_is_away_or_speaks_no_http():
    async with receiving() as receiver, poster() as post:
        receiver.extra = b"\x00\r\n"
        with pytest.raises(NotPosted, match="not HTTP"):
            await post.post(receiver.url, {}, b"{}")
    async with poster() as post:
        with pytest.raises(NotPosted, match="cannot be connected"):
            await post.post("http://127.0.0.1:1/", {}, b"{}")
