"""A dashboard behind a real server, and beside it what gateways and workers do, on the same broker and store."""

import json
import socket
from asyncio import TaskGroup
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn
from msgspec.structs import replace
from pydantic import SecretStr
from websockets.asyncio.client import ClientConnection, connect

from services.admin_dashboard.__main__ import build_deps
from services.admin_dashboard.app import create_app
from services.admin_dashboard.settings import DashboardSettings
from tests.support import drafts
from tests.support.broker import eventually
from tests.support.documented import check_frame
from tokenline.adapters.broker_rabbitmq import RabbitBroker
from tokenline.adapters.store_sqlite import SqliteStore
from tokenline.contracts.accounts import Role, User
from tokenline.contracts.base import pack
from tokenline.contracts.chat import Message
from tokenline.contracts.errors import ModelUnavailable
from tokenline.contracts.events import WorkerSeen
from tokenline.contracts.tickets import Ticket, TicketOffer
from tokenline.contracts.topology import DEAD, DEAD_QUEUE, ticket_queue
from tokenline.core import ticket as moves
from tokenline.core.clock import SystemClock
from tokenline.runtime.auth.accounts import Accounts
from tokenline.runtime.line import Line
from tokenline.runtime.serve import WS_MESSAGE_BYTES

SECRET = "a secret of thirty-two bytes or more"
PASSWORD = "correct horse"


class Others:
    """The rest of the system: who asks, and who takes the next ticket."""

    def __init__(self, store: SqliteStore, broker: RabbitBroker) -> None:
        self.clock = SystemClock()
        self.store = store
        self.broker = broker
        self.accounts = Accounts(store, self.clock, SECRET)
        self.line = Line(store, broker, user_limit=2)

    async def register(self, email: str, role: Role = Role.USER) -> tuple[User, str]:
        """The user, and an access token."""
        pair = await self.accounts.register(email, PASSWORD)
        user = await self.store.user_by_email(email)
        assert user is not None
        user = replace(user, role=role)
        await self.store.update_user(user)
        return user, pair.access_token

    async def asks(self, owner: str, **changes: Any) -> Ticket:
        """Accept, announce and publish, as a gateway does."""
        accepted = await drafts.ask(self.store, self.clock, owner=owner, **changes)
        self.line.announce(accepted.ticket)
        if accepted.ticket.publish_no:
            assert await self.line.publish(accepted.ticket)
        return accepted.ticket

    async def claims(self, ticket: Ticket) -> Ticket:
        """As a worker does, but for taking the message out of its queue."""
        now = self.clock.now()
        claimed = await self.line.change(
            ticket.id, lambda read: moves.claim(read, worker="worker-1", incarnation="first", now=now)
        )
        assert claimed is not None
        return claimed

    async def dies(self, ticket: Ticket, so_far: Message | None = None) -> Ticket:
        """The last attempt fails, as a worker has it fail."""
        claimed = await self.claims(ticket)
        error = ModelUnavailable().info()
        ended = await self.line.fail(claimed, error, so_far, dead=True)
        assert ended is not None
        await self.broker.publish(DEAD.name, DEAD_QUEUE.name, pack(TicketOffer(ticket_id=ended.id, publish_no=1)))
        return ended

    async def beats(self, **changes: Any) -> None:
        beat = WorkerSeen(
            worker_id="worker-1",
            incarnation="first",
            pool="default",
            slots=4,
            busy=0,
            draining=False,
            at=self.clock.now(),
        )
        self.line.announcer.announce(replace(beat, **changes))


@pytest.fixture
async def others(tmp_path: Path, amqp_url: str) -> AsyncIterator[Others]:
    store = SqliteStore(tmp_path / "tokenline.db", SystemClock())
    await store.open()
    broker = RabbitBroker(amqp_url, "others")
    await broker.connect()
    await broker.declare(ticket_queue("default"))
    yield Others(store, broker)
    await broker.close()
    await store.close()


class Page:
    """The dashboard as an administrator's browser has it."""

    def __init__(self, address: str, http: httpx2.AsyncClient, token: str, user: User) -> None:
        self.address = address
        self.http = http
        self.token = token
        self.user = user

    async def get(self, path: str, **query: Any) -> Any:
        answer = await self.ask(path, self.token, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def ask(self, path: str, token: str | None, **query: Any) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return await self.http.get(f"/api/v1/admin/{path}", params=query, headers=headers)

    async def post(self, path: str, token: str | None = None, **body: Any) -> httpx2.Response:
        """As this administrator, unless another ``token`` is given."""
        headers = {"Authorization": f"Bearer {self.token if token is None else token}"}
        return await self.http.post(f"/api/v1/admin/{path}", headers=headers, json=body or None)

    async def does(self, path: str, **body: Any) -> dict[str, Any]:
        answer = await self.post(path, **body)
        assert answer.status_code == 200, answer.text
        done: dict[str, Any] = answer.json()
        return done

    async def audit(self) -> list[tuple[str, str, str | None]]:
        """Action, target and outcome, latest first."""
        items = (await self.get("audit"))["items"]
        return [(item["action"], item["target"], item["outcome"]) for item in items]

    async def line(self, **query: Any) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = (await self.get("line", **query))["items"]
        return items

    async def shows(self, count: int) -> None:
        """Wait until the line has so many tickets."""

        async def holds() -> bool:
            return len(await self.line()) == count

        await eventually(holds)

    async def has_worker(self, worker_id: str) -> None:
        async def seen() -> bool:
            return worker_id in {worker["worker_id"] for worker in (await self.get("workers"))["items"]}

        await eventually(seen)

    async def card(self, pool: str = "default") -> dict[str, Any]:
        cards = (await self.get("pools"))["items"]
        card: dict[str, Any] = next(card for card in cards if card["pool"] == pool)
        return card

    @asynccontextmanager
    async def socket(self, token: str | None = None) -> AsyncIterator["Screen"]:
        """Signed in, unless ``token`` is empty."""
        async with self.connect(origin=f"http://{self.address}") as raw:
            screen = Screen(raw)
            token = self.token if token is None else token
            if token:
                await screen.send(type="auth", token=token)
            yield screen

    def connect(self, **options: Any) -> connect:
        return connect(f"ws://{self.address}/api/v1/admin/ws", compression=None, max_size=None, **options)


class Screen:
    """One socket."""

    def __init__(self, raw: ClientConnection) -> None:
        self.raw = raw

    async def send(self, **frame: Any) -> None:
        await self.raw.send(json.dumps(frame))

    async def next(self, kind: str) -> dict[str, Any]:
        """The next frame of this type; others before it are dropped."""
        while True:
            frame: dict[str, Any] = json.loads(await self.raw.recv())
            check_frame(frame, "admin")
            if frame["type"] == kind:
                return frame


@asynccontextmanager
async def served(settings: DashboardSettings) -> AsyncIterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        create_app(build_deps(settings)),
        log_config=None,
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_max_size=WS_MESSAGE_BYTES,
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    async with TaskGroup() as tasks:
        tasks.create_task(server.serve(sockets=[listener]), name="server")
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True


OpenPage = Callable[[], AbstractAsyncContextManager[Page]]


@pytest.fixture
def open_page(others: Others, tmp_path: Path, amqp_url: str) -> OpenPage:
    """Starts a dashboard and signs in."""
    settings = DashboardSettings(
        port=8090, data_dir=tmp_path, amqp_url=SecretStr(amqp_url), secret_key=SecretStr(SECRET)
    )

    @asynccontextmanager
    async def opened() -> AsyncIterator[Page]:
        user, token = await others.register("root@example.org", Role.ADMIN)
        async with served(settings) as address, httpx2.AsyncClient(base_url=f"http://{address}") as http:

            async def is_ready() -> bool:
                return (await http.get("/readyz")).status_code == 200

            await eventually(is_ready)
            yield Page(address, http, token, user)

    return opened


@pytest.fixture
async def page(open_page: OpenPage) -> AsyncIterator[Page]:
    async with open_page() as page:
        yield page
