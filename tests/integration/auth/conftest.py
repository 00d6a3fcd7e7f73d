"""Gateways with accounts only, on a real store, called over HTTP."""

import socket
from asyncio import TaskGroup
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI

from services.gateway.rest import account
from tokenline.adapters.store_sqlite import SqliteStore
from tokenline.core.clock import ManualClock
from tokenline.runtime.auth.accounts import Accounts
from tokenline.runtime.auth.http import Administrator, Authenticated
from tokenline.runtime.auth.routes import auth_router
from tokenline.runtime.body_limit import BodyLimit
from tokenline.runtime.http_errors import install_error_handlers

SECRET = "a secret of thirty-two bytes or more"
ANN = {"email": "ann@example.org", "password": "correct horse"}
BOB = {"email": "bob@example.org", "password": "battery staple"}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def store(tmp_path: Path, clock: ManualClock) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(tmp_path / "tokenline.db", clock)
    await store.open()
    yield store
    await store.close()


@pytest.fixture
def accounts(store: SqliteStore, clock: ManualClock) -> Accounts:
    return Accounts(store, clock, SECRET)


def make_app(accounts: Accounts) -> FastAPI:
    app = FastAPI()
    app.state.accounts = accounts
    install_error_handlers(app)
    app.add_middleware(BodyLimit)
    app.include_router(auth_router())
    app.include_router(account.router)

    @app.get("/api/v1/admin/anything")
    async def admin_only(principal: Administrator) -> str:
        return principal.email

    @app.post("/api/v1/anything")
    async def take_part(principal: Authenticated) -> str:
        return principal.email

    return app


class Gateway:
    """One process' worth of accounts, and a client of it."""

    def __init__(self, accounts: Accounts, http: httpx2.AsyncClient) -> None:
        self.accounts = accounts
        self.http = http

    async def post(self, path: str, body: Any = None, token: str | None = None) -> httpx2.Response:
        return await self.call("POST", path, body, token)

    async def get(self, path: str, token: str | None = None) -> httpx2.Response:
        return await self.call("GET", path, None, token)

    async def call(self, method: str, path: str, body: Any, token: str | None) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return await self.http.request(method, f"/api/v1{path}", json=body, headers=headers)

    async def register(self, credentials: dict[str, str] = ANN) -> dict[str, Any]:
        answer = await self.post("/auth/register", credentials)
        assert answer.status_code == 201, answer.text
        pair: dict[str, Any] = answer.json()
        return pair

    async def new_key(self, token: str) -> dict[str, str]:
        key: dict[str, str] = (await self.post("/api-keys", {"name": "bot"}, token)).json()
        return key


Gateways = Callable[[], "Gateway"]


@pytest.fixture
async def another_gateway(store: SqliteStore, clock: ManualClock) -> AsyncIterator[Gateways]:
    """Makes gateways that share the store and the secret and nothing else."""
    async with AsyncExitStack() as stack:
        made: list[httpx2.AsyncClient] = []

        def make() -> Gateway:
            accounts = Accounts(store, clock, SECRET)
            transport = httpx2.ASGITransport(app=make_app(accounts), client=("192.0.2.1", 1))
            made.append(httpx2.AsyncClient(transport=transport, base_url="http://tokenline"))
            stack.push_async_callback(made[-1].aclose)
            return Gateway(accounts, made[-1])

        yield make


@pytest.fixture
def gateway(another_gateway: Gateways) -> Gateway:
    return another_gateway()


@asynccontextmanager
async def served(app: FastAPI, port: int = 0) -> AsyncIterator[str]:
    """The app behind a real server; yields ``host:port``."""
    listener = socket.create_server(("127.0.0.1", port))
    config = uvicorn.Config(app, log_config=None, access_log=True, ws="websockets-sansio", timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    async with TaskGroup() as tasks:
        tasks.create_task(server.serve(sockets=[listener]), name="server")
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True


def code(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]
