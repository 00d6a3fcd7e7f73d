"""Floods (B9, B14): what no one could mean is refused at once, in bounded memory, and members do not notice."""

import asyncio
import json
import resource
import socket
from asyncio import TaskGroup
from collections.abc import AsyncIterator
from ipaddress import ip_network
from typing import Any

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI, Request, UploadFile

from tests.integration.limits.conftest import Gateway, MakeGateway
from tokenline.core.clock import ManualClock
from tokenline.runtime import flood, heads
from tokenline.runtime.body_limit import Allowance, BodyLimit
from tokenline.runtime.flood import Floodgate
from tokenline.runtime.http_errors import install_error_handlers
from tokenline.runtime.serve import configure
from tokenline.runtime.settings import ServiceSettings

AT_ONCE_S = 1.0
MEMBER = {"authorization": "Bearer good"}


def an_app() -> FastAPI:
    app = FastAPI()
    install_error_handlers(app)
    app.add_middleware(BodyLimit, allowances=(Allowance(path="/upload", max_bytes=4 * 1024 * 1024, multipart=True),))

    @app.post("/json")
    async def take_json(body: dict[str, Any]) -> int:
        return len(body)

    @app.post("/upload")
    async def take_file(file: UploadFile) -> int:
        return file.size or 0

    @app.get("/{path:path}")
    async def look(request: Request) -> str:
        return request.client.host if request.client else ""

    return app


class Server:
    def __init__(self, port: int) -> None:
        self.port = port

    async def say(self, *pieces: bytes, end: bool = False) -> tuple[int, dict[str, Any]]:
        """Status and body of what is answered, at the latest after `AT_ONCE_S` from the last piece."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            if end:
                writer.write_eof()
            async with asyncio.timeout(AT_ONCE_S):
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = int(head.lower().partition("content-length: ")[2].partition("\r\n")[0])
                body = await reader.readexactly(length)
            return int(head.split()[1]), json.loads(body)
        finally:
            writer.transport.abort()

    async def post(self, path: str, body: bytes, content_type: str) -> tuple[int, dict[str, Any]]:
        head = (
            f"POST {path} HTTP/1.1\r\nhost: t\r\nauthorization: Bearer good\r\ncontent-type: {content_type}\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        )
        return await self.say(head.encode(), body)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    listener = socket.create_server(("127.0.0.1", 0))
    running = uvicorn.Server(configure(an_app(), ServiceSettings(port=1)))
    async with TaskGroup() as tasks:
        tasks.create_task(running.serve(sockets=[listener]), name="server")
        yield Server(listener.getsockname()[1])
        running.should_exit = True


def code(answer: tuple[int, dict[str, Any]]) -> tuple[int, str]:
    return answer[0], answer[1]["error"]["code"]


# ── heads ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_heads_within_bounds_pass_whole_and_in_pieces(server: Server) -> None:
    head = b"GET /%b HTTP/1.1\r\nhost: t\r\nx: %b\r\n\r\n" % (b"a" * 8000, b"b" * 20_000)
    assert (await server.say(head))[0] == 200
    assert (await server.say(*(head[at : at + 5000] for at in range(0, len(head), 5000))))[0] == 200


async def test_an_address_that_is_too_long(server: Server) -> None:
    assert code(await server.say(b"GET /%b HTTP/1.1\r\nhost: t\r\n\r\n" % (b"a" * 9000))) == (414, "uri_too_long")


async def test_an_address_without_end(server: Server) -> None:
    assert code(await server.say(b"GET /", *[b"a" * 16_384] * 3)) == (414, "uri_too_long")


async def test_headers_that_are_too_many(server: Server) -> None:
    lines = b"".join(b"x%d: y\r\n" % number for number in range(6000))
    assert code(await server.say(b"GET / HTTP/1.1\r\n%b\r\n" % lines)) == (431, "headers_too_large")


async def test_a_header_without_end(server: Server) -> None:
    pieces = [b"a" * 16_384] * 40
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(20):
        answer = await server.say(b"GET / HTTP/1.1\r\nhost: t\r\nx: ", *pieces)
        assert code(answer) == (431, "headers_too_large")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 16 * 1024, "KiB"


async def test_a_head_that_does_not_come_to_its_end(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "HEAD_S", 0.1)
    assert code(await server.say(b"GET / HTTP/1.1\r\nhost: t\r\n")) == (408, "request_timeout")


async def test_a_connection_that_is_not_used_is_closed(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "HEAD_S", 0.1)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    async with asyncio.timeout(AT_ONCE_S):
        assert await reader.read() == b""
    writer.close()


async def test_an_answer_may_take_longer_than_a_head(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The watch ends with the head: a second request on the connection is judged anew."""
    monkeypatch.setattr(heads, "HEAD_S", 0.1)
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as client:
        assert (await client.get("/a")).status_code == 200
        await asyncio.sleep(0.2)
        assert (await client.get("/b")).status_code == 200


# ── bodies ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_nested_beyond_all_sense(server: Server) -> None:
    for body in (b"[" * 60_000, b'{"a":' * 10_000 + b"1" + b"}" * 10_000):
        status, answer = await server.post("/json", body, "application/json")
        assert (status, answer["error"]["code"]) in ((400, "bad_request"), (422, "invalid_request"))


FORM = "multipart/form-data; boundary=b"
PART = b'--b\r\ncontent-disposition: form-data; name="%b"\r\n\r\nx\r\n'


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (PART % b"f" * 5000 + b"--b--\r\n", FORM),
        ((PART % b'f"; filename="f') * 5000 + b"--b--\r\n", FORM),
        (b"--b\r\n" + b"x-endless: " + b"y" * 3_000_000, FORM),
        (b"--b\r\n" + b"".join(b"x%d: y\r\n" % number for number in range(100_000)), FORM),
        (b"no boundary in sight" * 1000, FORM),
        (PART % b"f", "multipart/form-data"),
        (b"--b\r\n\r\nno name\r\n--b--\r\n", FORM),
    ],
    ids=["fields", "files", "endless header", "many headers", "no parts", "no boundary", "no name"],
)
async def test_a_form_that_no_browser_sends(server: Server, body: bytes, content_type: str) -> None:
    assert (await server.post("/upload", body, content_type))[0] in (400, 422)


async def test_a_form_that_is_too_large(server: Server) -> None:
    body = PART % b'file"; filename="f' + b"x" * 5_000_000
    assert code(await server.post("/upload", body, FORM)) == (413, "too_large")
    assert code(await server.post("/json", b'"' + b"x" * 70_000, "application/json")) == (413, "too_large")


# ── who sends ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("trusted", "forwarded", "seen"),
    [
        ((), "203.0.113.9", "127.0.0.1"),
        (("127.0.0.0/8",), "203.0.113.9", "203.0.113.9"),
        # What a client forged stands before what our proxy added.
        (("127.0.0.0/8",), "198.51.100.66, 203.0.113.9", "203.0.113.9"),
        (("10.0.0.0/8",), "203.0.113.9", "127.0.0.1"),
    ],
)
async def test_only_named_proxies_are_believed(trusted: tuple[str, ...], forwarded: str, seen: str) -> None:
    settings = ServiceSettings(port=1, trusted_proxies=tuple(map(ip_network, trusted)))
    config = configure(an_app(), settings)
    config.load()
    transport = httpx2.ASGITransport(app=config.loaded_app, client=("127.0.0.1", 1))
    async with httpx2.AsyncClient(transport=transport, base_url="http://t") as client:
        assert (await client.get("/", headers={"x-forwarded-for": forwarded})).json() == seen


class Flood:
    """The gateway's routes behind its gate, asked from any address."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._app = gateway.http._transport.app  # type: ignore[attr-defined]  # the one fixture's

    async def get(self, address: str, path: str = "/api/v1/me", token: str = "") -> httpx2.Response:
        transport = httpx2.ASGITransport(app=self._app, client=(address, 1))
        headers = {"authorization": f"Bearer {token}"} if token else {}
        async with httpx2.AsyncClient(transport=transport, base_url="http://t") as client:
            return await client.get(path, headers=headers)


@pytest.fixture
async def flooded(make_gateway: MakeGateway, monkeypatch: pytest.MonkeyPatch) -> Flood:
    monkeypatch.setattr(flood, "BURST", 20.0)
    gateway: Gateway = await make_gateway()
    await gateway.sign_in()
    return Flood(gateway)


async def test_an_anonymous_flood_is_refused_and_members_get_through(flooded: Flood, clock: ManualClock) -> None:
    gateway = flooded._gateway
    answers = [await flooded.get("198.51.100.1") for _ in range(30)]
    assert [answer.status_code for answer in answers] == [401] * 20 + [429] * 10
    refused = answers[-1]
    assert refused.json()["error"]["detail"]["limit"] == "anonymous"
    assert int(refused.headers["retry-after"]) > 0
    assert gateway.counted("anonymous") == 10
    assert (await flooded.get("198.51.100.1", token="tl_wrong")).status_code == 429, "a bad credential is none"
    assert (await flooded.get("198.51.100.1", token=gateway.token)).status_code == 200
    assert (await flooded.get("198.51.100.2")).status_code == 401, "others are not held to account"
    openai = (await flooded.get("198.51.100.1", "/v1/models")).json()["error"]
    assert openai["type"] == "rate_limit_error"
    clock.advance(1)
    assert (await flooded.get("198.51.100.1")).status_code == 401


async def test_what_succeeds_is_no_flood(flooded: Flood) -> None:
    assert {(await flooded.get("198.51.100.1", "/healthz")).status_code for _ in range(60)} == {200}


async def test_a_flood_from_everywhere_is_refused_as_a_whole(
    make_gateway: MakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flood, "ALL_BURST", 40.0)
    gateway: Gateway = await make_gateway()
    await gateway.sign_in()
    flooded = Flood(gateway)
    answers = [(await flooded.get(f"198.51.{n}.1")).status_code for n in range(60)]
    assert answers == [401] * 40 + [429] * 20
    assert (await flooded.get("198.51.100.1", token=gateway.token)).status_code == 200


async def test_the_watched_addresses_are_bounded(clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flood, "MAX_ADDRESSES", 3)

    async def nobody(_: str) -> None:
        raise AssertionError

    gate = Floodgate(an_app(), nobody, clock, lambda _: None)
    for number in range(10):
        gate._count(f"198.51.100.{number}")
    assert list(gate._by_address) == ["198.51.100.7", "198.51.100.8", "198.51.100.9"]
