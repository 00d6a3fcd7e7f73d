"""A whole gateway in the test's event loop: its app as served, on a real SQLite file, the broker in memory."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx2
from fastapi import FastAPI
from pydantic import SecretStr

from services.gateway import __main__ as gateway_main
from services.gateway.app import create_app
from services.gateway.deps import Deps
from services.gateway.settings import GatewaySettings
from tests.support.documented import checking
from tokenline.adapters.broker_memory import MemoryBroker, MemoryServer
from tokenline.contracts.attachments import Passage, SearchRequest
from tokenline.contracts.ids import AttachmentId, UserId
from tokenline.core.clock import Clock, SystemClock

PASSWORD = "correct horse battery"


@dataclass
class ForgettingSearch:
    """Stands for ingest: it knows which vectors it was told to delete."""

    forgotten: list[AttachmentId] = field(default_factory=list)
    """Each once, however often it was told."""

    async def passages(self, request: SearchRequest) -> tuple[Passage, ...]:
        return ()

    async def forget(self, owner_id: UserId, attachment_ids: Sequence[AttachmentId]) -> None:
        self.forgotten += [one for one in attachment_ids if one not in self.forgotten]

    async def close(self) -> None:
        return


@dataclass
class WholeGateway:
    app: FastAPI
    deps: Deps
    search: ForgettingSearch
    anybody: httpx2.AsyncClient
    """Signed in as nobody."""

    @asynccontextmanager
    async def person(self, email: str = "ann@example.org") -> AsyncIterator[httpx2.AsyncClient]:
        """A client of a newly registered user, who hears of every answer that the documents do not know."""
        made = await self.anybody.post("/api/v1/auth/register", json={"email": email, "password": PASSWORD})
        assert made.status_code == 201, made.text
        async with _client(self.app, {"authorization": f"Bearer {made.json()['access_token']}"}) as client:
            yield client


@asynccontextmanager
async def whole_gateway(
    folder: Path,
    server: MemoryServer | None = None,
    clock: Clock | None = None,
    search: ForgettingSearch | None = None,
    **changes: Any,
) -> AsyncIterator[WholeGateway]:
    """``changes`` are settings. Several with the same ``folder`` and ``server`` are gateways of one installation."""
    server = server or MemoryServer()
    settings = GatewaySettings(port=1, data_dir=folder, secret_key=SecretStr("s" * 32), **changes)
    search = search or ForgettingSearch()
    with (
        patch.object(gateway_main, "open_broker", lambda *_: MemoryBroker(server)),
        patch.object(gateway_main, "IngestSearch", lambda *_: search),
        patch.object(gateway_main, "SystemClock", lambda: clock or SystemClock()),
    ):
        deps = gateway_main.build_deps(settings)
    app = create_app(deps)
    async with app.router.lifespan_context(app), _client(app, {}) as anybody:
        yield WholeGateway(app, deps, search, anybody)


def _client(app: FastAPI, headers: dict[str, str]) -> httpx2.AsyncClient:
    check = checking()["response"][0]

    async def documented(response: httpx2.Response) -> None:
        await response.aread()
        check(response)

    return httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app),
        base_url="http://tokenline",
        headers=headers,
        event_hooks={"response": [documented]},
    )
