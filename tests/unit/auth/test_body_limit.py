"""Bodies that are too large (B9), with and without a declared length."""

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest
from fastapi import FastAPI, Request, UploadFile

from tokenline.runtime import body_limit
from tokenline.runtime.body_limit import Allowance, BodyLimit
from tokenline.runtime.http_errors import install_error_handlers

SOMEBODY = {"authorization": "Bearer somebody"}


def _app(seen: list[int]) -> FastAPI:
    app = FastAPI()
    install_error_handlers(app)
    app.add_middleware(
        BodyLimit,
        max_bytes=1000,
        allowances=(
            Allowance(path="/messages/[^/]+", max_bytes=4000),
            Allowance(path="/upload", max_bytes=8000, multipart=True),
            Allowance(path="/free", max_bytes=None),
        ),
    )

    @app.post("/json")
    async def json(body: dict[str, str]) -> int:
        seen.append(len(body["text"]))
        return len(body["text"])

    @app.post("/messages/{id}")
    @app.post("/free")
    async def raw(request: Request) -> int:
        return len(await request.body())

    @app.post("/upload")
    async def upload(file: UploadFile) -> int:
        seen.append(file.size or 0)
        return file.size or 0

    return app


@pytest.fixture
def seen() -> list[int]:
    return []


@pytest.fixture
async def client(seen: list[int]) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app=_app(seen))
    async with httpx2.AsyncClient(transport=transport, base_url="http://tokenline", headers=SOMEBODY) as client:
        yield client


async def _chunks(body: bytes, size: int = 100) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


def _json(length: int) -> bytes:
    return b'{"text": "%s"}' % (b"x" * length)


async def test_a_body_within_the_limit_passes(client: httpx2.AsyncClient) -> None:
    headers = {"content-type": "application/json"}
    assert (await client.post("/json", content=_json(900), headers=headers)).json() == 900
    assert (await client.post("/json", content=_chunks(_json(900)), headers=headers)).json() == 900
    exact = _json(1000 - len(_json(0)))
    assert (await client.post("/json", content=_chunks(exact), headers=headers)).status_code == 200


async def test_declared_and_undeclared_excess_are_refused_alike(client: httpx2.AsyncClient, seen: list[int]) -> None:
    headers = {"content-type": "application/json"}
    for content in (_json(1000), _chunks(_json(1000)), _chunks(_json(100_000))):
        answer = await client.post("/json", content=content, headers=headers)
        assert answer.status_code == 413
        assert answer.json()["error"]["code"] == "too_large"
        assert answer.json()["error"]["detail"] == {"max_bytes": 1000}
        assert answer.headers["connection"] == "close"
    assert seen == []


async def test_a_length_that_lies_does_not_help(client: httpx2.AsyncClient, seen: list[int]) -> None:
    headers = {"content-type": "application/json", "content-length": "10"}
    answer = await client.post("/json", content=_chunks(_json(5000)), headers=headers)
    assert answer.status_code == 413
    assert seen == []


async def test_paths_may_have_their_own_limit(client: httpx2.AsyncClient) -> None:
    assert (await client.post("/messages/1", content=b"x" * 4000)).json() == 4000
    assert (await client.post("/messages/1", content=b"x" * 4001)).status_code == 413
    assert (await client.post("/messages/1/more", content=b"x" * 1001)).status_code == 413
    assert (await client.post("/free", content=b"x" * 50_000)).json() == 50_000


async def test_only_multipart_gets_the_room_of_an_upload(client: httpx2.AsyncClient, seen: list[int]) -> None:
    assert (await client.post("/upload", files={"file": b"x" * 5000})).json() == 5000
    assert (await client.post("/upload", files={"file": b"x" * 9000})).status_code == 413
    assert (await client.post("/upload", content=b"x" * 2000)).status_code == 413
    assert seen == [5000]


async def test_an_undeclared_upload_is_counted(client: httpx2.AsyncClient, seen: list[int]) -> None:
    part = b'--b\r\ncontent-disposition: form-data; name="file"; filename="f"\r\n\r\n%s\r\n--b--\r\n'
    headers = {"content-type": "multipart/form-data; boundary=b"}
    answer = await client.post("/upload", content=_chunks(part % (b"x" * 20_000)), headers=headers)
    assert answer.status_code == 413
    assert seen == []


async def test_a_flood_of_multipart_fields_is_refused(client: httpx2.AsyncClient) -> None:
    body = b"".join(b'--b\r\ncontent-disposition: form-data; name="f"\r\n\r\n\r\n' for _ in range(3000))
    headers = {"content-type": "multipart/form-data; boundary=b"}
    answer = await client.post("/upload", content=_chunks(body + b"--b--\r\n"), headers=headers)
    assert answer.status_code == 413


@pytest.mark.parametrize("declared", [True, False])
async def test_nobody_in_particular_has_no_room_for_files(
    client: httpx2.AsyncClient, seen: list[int], declared: bool
) -> None:
    del client.headers["authorization"]
    part = b'--b\r\ncontent-disposition: form-data; name="file"; filename="f"\r\n\r\n%s\r\n--b--\r\n' % (b"x" * 4000)
    headers = {"content-type": "multipart/form-data; boundary=b"}
    answer = await client.post("/upload", content=part if declared else _chunks(part), headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "not_signed_in")
    assert not seen


@pytest.mark.parametrize("path", ["/json", "/free"])
async def test_a_body_that_stops_coming_is_given_up(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(body_limit, "IDLE_S", 0.05)

    async def stuck() -> AsyncIterator[bytes]:
        yield b'{"text": '
        await asyncio.Event().wait()

    answer = await client.post(path, content=stuck(), headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (408, "request_timeout")
    assert answer.headers["connection"] == "close"


async def test_a_body_that_comes_in_drops_is_given_up(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body_limit, "GRACE_S", 0.1)

    async def drops() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0.01)

    answer = await client.post("/json", content=drops(), headers={"content-type": "application/json"})
    assert answer.status_code == 408


async def test_what_is_slow_but_comes_is_taken(client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_limit, "GRACE_S", 0.0)
    monkeypatch.setattr(body_limit, "BYTES_PER_S", 1)
    assert (await client.post("/free", content=_chunks(b"x" * 3000))).json() == 3000
