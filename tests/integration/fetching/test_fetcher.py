"""Fetching from sites that answer, lead elsewhere, lie, overflow and keep silent, over real connections."""

import asyncio
import gzip
import ssl
import zlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_network
from urllib.parse import urlsplit

import pytest

from tests.support.receiver import TLS
from tests.support.site import Site, leads_to, says, site
from tokenline.adapters.fetcher_http import MAX_REDIRECTS, GuardedFetcher
from tokenline.adapters.guarded_network import Resolve
from tokenline.contracts.errors import AddressRefused, NotFetched, TooLarge

HERE = ip_network("127.0.0.1/32")
"""The rest of loopback is as private as ever."""
LIMIT = 200_000


def port_of(site: Site) -> int:
    return urlsplit(site.url).port or 0


@asynccontextmanager
async def fetcher(
    *sites: Site, timeout_s: float = 30, resolve: Resolve | None = None, allowed: bool = True, trusted: bool = True
) -> AsyncIterator[GuardedFetcher]:
    trust = ssl.create_default_context(cafile=str(TLS / "hooks.pem")) if trusted else None
    networks = (HERE,) if allowed else ()
    made = GuardedFetcher(networks, [*map(port_of, sites), 1], timeout_s, LIMIT, resolve=resolve, trust=trust)
    yield made
    await made.close()


async def got(fetch: GuardedFetcher, url: str) -> bytes:
    page = await fetch.open(fetch.check(url))
    try:
        return b"".join([piece async for piece in page.body])
    finally:
        await page.close()


async def to_here(host: str, port: int) -> Sequence[str]:
    return ["127.0.0.1"]


async def test_what_is_asked_for_comes_back_with_what_the_site_says_of_it():
    async with site() as there, fetcher(there) as fetch:
        there.pages["/a%20b"] = says(b"Hello", content_type="text/plain; charset=x", content_disposition="inline")
        page = await fetch.open(fetch.check(f"{there.url}/a b?q=ü#part"))
        assert (page.content_type, page.disposition) == ("text/plain; charset=x", "inline")
        assert [piece async for piece in page.body] == [b"Hello"]
        await page.close()
    [(target, headers)] = there.asked
    assert target == "/a%20b?q=%C3%BC"
    assert headers["host"] == there.url.removeprefix("http://")
    assert not {"cookie", "referer", "authorization"} & set(headers)


async def test_addresses_that_are_not_allowed_see_no_connection():
    async with site() as there, fetcher(there, allowed=False) as fetch:
        port = port_of(there)
        for host in ("127.0.0.1", "127.1", "0x7f000001", "2130706433", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0"):
            with pytest.raises(AddressRefused):
                await got(fetch, f"http://{host}:{port}/")
        assert there.connections == 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_into_a_private_network_is_refused_with_no_connection_made(status: int):
    async with site() as there, site("127.0.0.2") as inside, fetcher(there, inside) as fetch:
        there.pages["/"] = leads_to(inside.url + "/secret", status)
        with pytest.raises(AddressRefused):
            await got(fetch, there.url)
        assert (there.connections, inside.connections) == (1, 0)


async def test_a_name_that_turns_private_between_two_steps_is_refused_with_no_connection_made():
    answers = [["127.0.0.1"], ["127.0.0.2"]]

    async def rebinding(host: str, port: int) -> Sequence[str]:
        return answers.pop(0)

    async with site() as there, site("127.0.0.2") as inside, fetcher(there, inside, resolve=rebinding) as fetch:
        there.pages["/"] = leads_to(f"http://rebinding.example:{port_of(inside)}/")
        with pytest.raises(AddressRefused):
            await got(fetch, f"http://rebinding.example:{port_of(there)}/")
        assert (there.connections, inside.connections, answers) == (1, 0, [])


async def test_the_address_that_was_judged_is_the_one_that_is_connected_to():
    looked_up = []

    async def once(host: str, port: int) -> Sequence[str]:
        looked_up.append(host)
        return ["127.0.0.1"]

    # Nobody else knows this name: looked up a second time, by whoever connects, it would lead nowhere.
    async with site() as there, fetcher(there, resolve=once) as fetch:
        there.pages["/"] = says(b"Hello")
        assert await got(fetch, f"http://pinned.invalid:{port_of(there)}/") == b"Hello"
    assert looked_up == ["pinned.invalid"]


async def test_redirects_are_followed_a_few_times():
    async with site() as there, fetcher(there) as fetch:
        for step in range(MAX_REDIRECTS + 1):
            there.pages[f"/{step}"] = leads_to(f"/{step + 1}")
        there.pages[f"/{MAX_REDIRECTS + 1}"] = says(b"The end")
        assert await got(fetch, f"{there.url}/1") == b"The end"
        with pytest.raises(NotFetched, match="more than 5 times"):
            await got(fetch, f"{there.url}/0")


async def test_encryption_is_not_given_up_on_the_way():
    async with site(tls=True) as there, site() as plain, fetcher(there, plain, resolve=to_here) as fetch:
        there.pages["/"] = leads_to(plain.url)
        with pytest.raises(AddressRefused, match="encryption"):
            await got(fetch, there.url)
        assert plain.connections == 0


@pytest.mark.parametrize("location", ["file:///etc/passwd", "http://ann:b@127.0.0.1/", "http://127.0.0.1:22/", "//["])
async def test_redirects_to_what_is_no_page_are_refused(location: str):
    async with site() as there, fetcher(there) as fetch:
        there.pages["/"] = leads_to(location)
        with pytest.raises(AddressRefused):
            await got(fetch, there.url)


async def test_certificates_are_checked_against_the_name_in_the_address():
    async with site(tls=True) as there:
        there.pages["/"] = says(b"Hello")
        async with fetcher(there, resolve=to_here) as fetch:
            assert await got(fetch, there.url) == b"Hello"
            with pytest.raises(NotFetched, match="certificate"):
                await got(fetch, there.url.replace("hooks.", "other."))
        async with fetcher(there, resolve=to_here, trusted=False) as fetch:
            with pytest.raises(NotFetched, match="certificate"):
                await got(fetch, there.url)


async def test_proxies_of_the_environment_are_not_asked(monkeypatch: pytest.MonkeyPatch):
    async with site() as proxy, site() as there, fetcher(there) as fetch:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        there.pages["/"] = says(b"Hello")
        assert await got(fetch, there.url) == b"Hello"
        assert proxy.connections == 0


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("packing", "body"),
    [
        ("gzip", gzip.compress(b"Hello " * 30_000)),
        ("gzip", gzip.compress(b"Hello " * 15_000) + gzip.compress(b"Hello " * 15_000) + bytes(9)),
        ("deflate", zlib.compress(b"Hello " * 30_000)),
        ("Deflate", raw_deflate(b"Hello " * 30_000)),
        ("identity", b"Hello " * 30_000),
    ],
)
async def test_packed_pages_are_unpacked_in_small_pieces(packing: str, body: bytes):
    async with site() as there, fetcher(there) as fetch:
        there.pages["/"] = says(body, content_encoding=packing)
        page = await fetch.open(fetch.check(there.url))
        pieces = [piece async for piece in page.body]
        await page.close()
    assert b"".join(pieces) == b"Hello " * 30_000
    assert max(map(len, pieces)) <= 64 * 1024


async def test_what_unpacks_to_more_than_the_limit_is_refused():
    bomb = gzip.compress(bytes(100 * LIMIT))
    assert len(bomb) < LIMIT
    async with site() as there, fetcher(there) as fetch:
        there.pages["/"] = says(bomb, content_encoding="gzip")
        with pytest.raises(TooLarge):
            await got(fetch, there.url)


@pytest.mark.parametrize("packing", ["br", "gzip, gzip", "compress"])
async def test_packings_that_were_not_asked_for_are_refused(packing: str):
    async with site() as there, fetcher(there) as fetch:
        there.pages["/"] = says(b"x", content_encoding=packing)
        with pytest.raises(NotFetched, match="packed"):
            await got(fetch, there.url)


async def test_too_much_is_refused_when_it_is_announced_and_when_it_comes():
    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 So\r\ntransfer-encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"4000\r\n" + bytes(0x4000) + b"\r\n")
            await writer.drain()

    async with site() as there, fetcher(there) as fetch:
        there.pages["/announced"] = says(length=LIMIT + 1)
        there.pages["/endless"] = endless
        for path in ("/announced", "/endless"):
            with pytest.raises(TooLarge):
                await got(fetch, there.url + path)
        async with asyncio.timeout(30):
            await there.gone.wait()


async def test_a_page_that_comes_drop_by_drop_costs_no_more_than_the_limit():
    async def drops(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 So\r\ncontent-length: 100000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    async def silence(writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async def heads(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 So\r\n")
        while True:
            writer.write(b"x-more: x\r\n")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with site() as there, fetcher(there, timeout_s=0.3) as fetch:
        for answer in (drops, silence, heads):
            there.pages["/"] = answer
            async with asyncio.timeout(10):
                with pytest.raises(NotFetched, match=r"within 0\.3 s"):
                    await got(fetch, there.url)


@pytest.mark.parametrize(
    "answer",
    [
        says(b"Hello", length=50),
        says(gzip.compress(b"Hello " * 1000)[:-12], content_encoding="gzip"),
        says(b"no gzip at all", content_encoding="gzip"),
        b"HTTP/1.1 200 So\r\ntransfer-encoding: chunked\r\n\r\n5\r\nHel",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"",
        says(b"", status=204),
        says(b"part", status=206),
        says(b"Gone", status=410),
        says(b"", status=302),
    ],
)
async def test_half_a_page_is_none(answer: bytes):
    async with site() as there, fetcher(there) as fetch:
        there.pages["/"] = answer
        with pytest.raises(NotFetched):
            await got(fetch, there.url)


async def test_a_site_that_is_not_there():
    async with fetcher() as fetch:
        with pytest.raises(NotFetched, match="cannot be connected"):
            await got(fetch, "http://127.0.0.1:1/")
        with pytest.raises(NotFetched, match="cannot be connected"):
            await got(fetch, "http://no-such-name.invalid:1/")
