"""What only a real server and a real connection can show: B1, B2, B3 and B9."""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator

import httpx2
import pytest
import structlog
from fastapi import FastAPI, WebSocket
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from tests.integration.auth.conftest import ANN, Gateway, make_app, served
from tokenline.contracts.errors import NotAllowed
from tokenline.runtime.auth.accounts import Accounts
from tokenline.runtime.origin import origin_allowed

MEGABYTE = 1024 * 1024


@pytest.fixture
def app(accounts: Accounts) -> FastAPI:
    app = make_app(accounts)

    @app.websocket("/ws")
    async def ws(socket: WebSocket) -> None:
        headers = socket.headers
        if not origin_allowed(headers.get("origin"), headers.get("host"), ("https://chat.example.org",)):
            raise NotAllowed("This page may not open a socket.")
        await socket.accept()
        await socket.send_text("welcome")
        await socket.close()

    return app


@pytest.mark.parametrize("origin", [None, "null", "https://evil.example", "http://127.0.0.1:1"])
async def test_a_socket_from_elsewhere_is_refused_before_it_opens(app: FastAPI, origin: str | None) -> None:
    async with served(app) as address:
        with pytest.raises(InvalidStatus) as refused:
            async with connect(f"ws://{address}/ws", origin=Origin(origin) if origin else None):
                pass
    response = refused.value.response
    assert response.status_code == 403
    assert json.loads(response.body or b"")["error"]["code"] == "not_allowed"


async def test_a_socket_from_the_own_and_a_listed_page_opens(app: FastAPI) -> None:
    async with served(app) as address:
        for origin in (f"http://{address}", "https://chat.example.org"):
            async with connect(f"ws://{address}/ws", origin=Origin(origin)) as socket:
                assert await socket.recv() == "welcome"


async def test_an_oversize_body_is_refused_in_time_and_the_answer_arrives(app: FastAPI) -> None:
    async with served(app) as address, httpx2.AsyncClient(base_url=f"http://{address}") as http:
        for content in (b"[" * (2 * MEGABYTE), _endless(8 * MEGABYTE)):
            begun = time.monotonic()
            headers = {"content-type": "application/json"}
            answer = await http.post("/api/v1/auth/login", content=content, headers=headers)
            assert answer.status_code == 413
            assert answer.json()["error"]["code"] == "too_large"
            assert time.monotonic() - begun < 5
        assert (await http.get("/api/v1/me")).status_code == 401


async def test_a_body_announced_and_never_sent_is_refused_at_once(app: FastAPI) -> None:
    async with served(app) as address:
        host, port = address.split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(
            b"POST /api/v1/auth/login HTTP/1.1\r\nhost: t\r\ncontent-type: application/json\r\n"
            b"content-length: 50000000\r\n\r\n"
        )
        assert await reader.readline() == b"HTTP/1.1 413 Request Entity Too Large\r\n"
        assert b"too_large" in await reader.read()
        writer.close()
        await writer.wait_closed()


async def _endless(total: int) -> AsyncIterator[bytes]:
    for _ in range(total // 65536):
        yield b"[" * 65536


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("Authorization", "")],
        [("Authorization", "Bearer")],
        [("Authorization", "Bearer ")],
        [("Authorization", "Basic {token}")],
        [("Authorization", "{token}")],
        [("Authorization", "Bearer {token} {token}")],
        [("Authorization", "Bearer {token}"), ("Authorization", "Bearer {token}")],
        [("X-Authorization", "Bearer {token}")],
        [("Cookie", "access_token={token}")],
        [("Authorization", "Bearer " + "A" * 9000)],
        [("Authorization", "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.")],
    ],
    ids=str,
)
async def test_only_one_well_formed_bearer_header_counts(gateway: Gateway, headers: list[tuple[str, str]]) -> None:
    token = (await gateway.register())["access_token"]
    sent = [(name, value.format(token=token)) for name, value in headers]
    answer = await gateway.http.get("/api/v1/me", headers=sent)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_credentials_in_a_url_are_not_looked_at(gateway: Gateway) -> None:
    pair = await gateway.register()
    for name in ("token", "access_token", "api_key", "authorization"):
        answer = await gateway.http.get("/api/v1/me", params={name: pair["access_token"]})
        assert answer.status_code == 401


async def test_no_credential_reaches_the_logs(app: FastAPI, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    secrets = [ANN["password"], ANN["email"], "wrong horse"]
    async with served(app) as address, httpx2.AsyncClient(base_url=f"http://{address}/api/v1") as http:
        with structlog.testing.capture_logs() as logs:
            pair = (await http.post("/auth/register", json=ANN)).json()
            bearer = {"Authorization": f"Bearer {pair['access_token']}"}
            key = (await http.post("/api-keys", json={"name": "bot"}, headers=bearer)).json()["key"]
            ticket = (await http.post("/auth/ws-ticket", headers=bearer)).json()["ticket"]
            await http.get("/me", headers={"Authorization": f"Bearer {key}"})
            await http.get("/me", headers={"Authorization": f"Bearer {key}x"})
            await http.post("/auth/login", json={**ANN, "password": "wrong horse"})
            await http.post("/auth/login", json={**ANN, "extra": "wrong horse"})
            again = (await http.post("/auth/refresh", json={"refresh_token": pair["refresh_token"]})).json()
            await http.post("/auth/refresh", json={"refresh_token": pair["refresh_token"]})
            app.state.accounts = None
            failed = await http.post("/auth/login", json=ANN)
    assert failed.status_code == 500
    secrets += [key, ticket, pair["access_token"], pair["refresh_token"], again["access_token"]]
    assert [entry["event"] for entry in logs] == ["http.failed"]
    assert "POST /api/v1/auth/login" in caplog.text
    for secret in secrets:
        assert secret not in caplog.text + str(logs)
