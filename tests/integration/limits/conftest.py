"""Whole gateways on one store, called over HTTP: everything real but RabbitMQ, and time is the test's."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest

from services.gateway import __main__ as front_door
from services.gateway.app import create_app
from services.gateway.deps import Deps
from services.gateway.settings import GatewaySettings
from tokenline.adapters.broker_memory import MemoryBroker, MemoryServer
from tokenline.core.clock import ManualClock
from tokenline.runtime.limits import LimitSetting, LimitSettings

ANN = {"email": "ann@example.org", "password": "correct horse"}
MINUTE = 60.0


def a_minute(most: int) -> LimitSetting:
    return LimitSetting(max=most, per_s=MINUTE)


class Gateway:
    def __init__(self, deps: Deps, http: httpx2.AsyncClient) -> None:
        self.deps = deps
        self.http = http
        self.token = ""

    async def sign_in(self, credentials: dict[str, str] = ANN) -> None:
        path = "/api/v1/auth/register" if not self.token else "/api/v1/auth/login"
        answer = await self.http.post(path, json=credentials)
        assert answer.status_code in (200, 201), answer.text
        self.token = answer.json()["access_token"]

    async def post(self, path: str, body: Any = None, **options: Any) -> httpx2.Response:
        options.setdefault("headers", {})["authorization"] = f"Bearer {self.token}"
        return await self.http.post(path, json=body, **options)

    async def get(self, path: str) -> httpx2.Response:
        return await self.http.get(path, headers={"authorization": f"Bearer {self.token}"})

    async def ask(self, **body: Any) -> httpx2.Response:
        return await self.post("/api/v1/chat/messages", {"content": "What is a ticket?"} | body)

    async def used(self) -> dict[str, dict[str, Any]]:
        answer = await self.get("/api/v1/me/limits")
        assert answer.status_code == 200, answer.text
        return {f"{one['name']} {one['of']}": one for one in answer.json()["items"]}

    def counted(self, limit: str) -> float:
        """Refusals as `/metrics` tells them."""
        for line in self.deps.metrics.exposition().decode().splitlines():
            if line.startswith(f'tokenline_rate_limited_total{{limit="{limit}"}}'):
                return float(line.rpartition(" ")[2])
        return 0.0


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


MakeGateway = Callable[..., Any]


@pytest.fixture
async def make_gateway(
    tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[MakeGateway]:
    """Makes gateways that share the store, the broker and the secret; their settings are the test's."""
    server = MemoryServer()
    monkeypatch.setattr(front_door, "open_broker", lambda *_: MemoryBroker(server))
    monkeypatch.setattr(front_door, "SystemClock", lambda: clock)
    async with AsyncExitStack() as stack:
        made: list[Gateway] = []

        async def make(**changes: Any) -> Gateway:
            limits = changes.pop("limits", LimitSettings())
            settings = GatewaySettings(
                port=1, gateway_id=f"g{len(made)}", data_dir=tmp_path, secret_key="x" * 32, limits=limits, **changes
            )
            deps = front_door.build_deps(settings)
            app = create_app(deps)
            await stack.enter_async_context(app.router.lifespan_context(app))
            transport = httpx2.ASGITransport(app=app, client=("192.0.2.1", 1))
            http = httpx2.AsyncClient(transport=transport, base_url="http://tokenline")
            made.append(Gateway(deps, await stack.enter_async_context(http)))
            return made[-1]

        yield make
