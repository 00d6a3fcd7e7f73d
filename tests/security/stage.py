"""Gateway, dashboard and two workers behind real HTTP, on one event loop in a thread of its own.

Put together by their own `__main__`, on a real store and the broker's twin in memory; a puppet is the model and answers
with the first word of what it is asked. Tests call from outside, as clients do, and look into the store behind.
"""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from contextvars import ContextVar
from functools import partial
from inspect import iscoroutinefunction
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar, cast
from unittest.mock import patch

import httpx2
import uvicorn
import uvloop
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.types import ASGIApp, Receive, Scope, Send

from services.admin_dashboard import __main__ as dashboard_main
from services.admin_dashboard.app import create_app as create_dashboard
from services.admin_dashboard.settings import DashboardSettings
from services.gateway import __main__ as gateway_main
from services.gateway.app import create_app as create_gateway
from services.gateway.settings import GatewaySettings
from services.gateway.ws.front import Front
from tests.support.broker import eventually
from tests.support.in_process.processes import Worker
from tests.support.in_process.puppet import Puppet
from tokenline.adapters.broker_memory import MemoryBroker, MemoryServer
from tokenline.adapters.fetcher_http import GuardedFetcher
from tokenline.contracts.attachments import Passage, SearchRequest
from tokenline.core.clock import Clock, SystemClock
from tokenline.core.ports.search import Search
from tokenline.core.ports.store import Store
from tokenline.core.web_address import WebAddress
from tokenline.runtime import flood
from tokenline.runtime.connections import HttpConnection, SocketConnection
from tokenline.runtime.limits import LimitSetting, LimitSettings
from tokenline.runtime.serve import WS_MESSAGE_BYTES
from tokenline.runtime.settings import ServiceSettings
from tokenline.runtime.wiring import open_store

T = TypeVar("T")

START_S = 30.0
CALL_S = 60.0
SECRET = "a secret of thirty-two bytes or more"
ANYWHERE = "pages.example"
"""Where there is always a page."""
PROBE = "x-probe"
"""A request that names itself in this header has its calls of the store written down."""
AGENTS = """
[[agents]]
id = "assistant"
name = "Assistant"
model = "puppet"

[[agents]]
id = "idle"
name = "Nobody works for this one, so its tickets wait"
model = "puppet"
pool = "idle"
"""

_calls: ContextVar[list[str] | None] = ContextVar("calls", default=None)


class Broken(Exception):
    """An error that nobody foresaw."""


class Watched:
    """A store that writes down which of its calls a request makes, and may fail those."""

    def __init__(self, store: Store, stage: "Stage") -> None:
        self._store = store
        self._stage = stage

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        return partial(self._call, name, found) if iscoroutinefunction(found) else found

    async def _call(self, name: str, work: Callable[..., Coroutine[Any, Any, Any]], *args: Any, **named: Any) -> Any:
        calls = _calls.get()
        if calls is not None:
            calls.append(name)
            if self._stage.fails:
                raise Broken(f"{name} {args} {named} {SECRET}")
        return await work(*args, **named)


class Careless(Search):
    """Looks at nothing but the conversation's id: whoever could name a foreign one would get its passages."""

    def __init__(self) -> None:
        self.passages_of: dict[str, str] = {}

    async def passages(self, request: SearchRequest) -> tuple[Passage, ...]:
        text = self.passages_of.get(request.conversation_id)
        if text is None:
            return ()
        found = Passage(
            attachment_id="file", name=f"{text}.txt", page=1, start=0, end=len(text), content=text, similarity=1.0
        )
        return (found,)

    async def forget(self, *_: object) -> None:
        return

    async def close(self) -> None:
        return


class AnyPage:
    """What stands at every address, which never changes."""

    disposition = None
    content_type = "text/plain"

    def __init__(self, address: WebAddress) -> None:
        self.address = address

    @property
    def body(self) -> AsyncIterator[bytes]:
        async def said() -> AsyncIterator[bytes]:
            yield b"A page."

        return said()

    async def close(self) -> None:
        return


class Web(GuardedFetcher):
    """Refuses as it always does, and then finds a page at `ANYWHERE` without going there."""

    async def open(self, address: WebAddress) -> Any:
        return AnyPage(address) if address.host == ANYWHERE else await super().open(address)


class Stage:
    """``gateway`` and ``dashboard`` are addresses. Times are the real ones."""

    gateway: str
    dashboard: str

    def __init__(self, folder: Path, mongo_url: str | None, settings: dict[str, Any]) -> None:
        self.folder = folder
        self.search = Careless()
        self.calls: dict[str, list[str]] = {}
        """By the name of the request."""
        self.store: Store
        self.apps: dict[str, FastAPI] = {}
        self.http: dict[str, httpx2.Client] = {}
        self.fails = False
        self.at_end = ExitStack()
        """Closed before the services are."""
        self._mongo_url = mongo_url
        self._settings = settings
        self._ready: Future[None] = Future()
        self._thread = Thread(target=self._run, name="stage")
        self._loop: asyncio.AbstractEventLoop
        self._over: asyncio.Event

    @contextmanager
    def failing(self) -> Iterator[None]:
        """Every call of the store that a request makes fails as nobody foresaw, quoting what it was given."""
        self.fails = True
        try:
            yield
        finally:
            self.fails = False

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """On the services' own loop, for what reaches into them."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(CALL_S)

    def start(self) -> None:
        self._thread.start()
        self._ready.result(START_S)
        # One client each, with no credentials of its own: making one takes longer than ten calls.
        for service, address in (("gateway", self.gateway), ("dashboard", self.dashboard)):
            self.http[service] = self.at_end.enter_context(httpx2.Client(base_url=address, timeout=30, trust_env=False))

    def stop(self) -> None:
        self.at_end.close()
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    def _run(self) -> None:
        # As in production. asyncio's own loop leaves Nagle's algorithm on here, at 40 ms for each call.
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self._whole())

    async def _whole(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        try:
            async with AsyncExitStack() as stack:
                await self._open(stack)
                self._ready.set_result(None)
                await self._over.wait()
        except BaseException as error:
            if self._ready.done():
                raise
            self._ready.set_exception(error)

    async def _open(self, stack: AsyncExitStack) -> None:
        server, clock = MemoryServer(), SystemClock()
        agents = self.folder / "agents.toml"
        agents.write_text(AGENTS)
        shared: dict[str, Any] = {
            "data_dir": self.folder,
            "agents_file": agents,
            "secret_key": SecretStr(SECRET),
            "mongo_url": SecretStr(self._mongo_url) if self._mongo_url else None,
        }

        def open_broker(*_: object) -> MemoryBroker:
            return MemoryBroker(server)

        with (
            patch.object(gateway_main, "open_broker", open_broker),
            patch.object(dashboard_main, "open_broker", open_broker),
            patch.object(gateway_main, "open_store", self._watched),
            patch.object(dashboard_main, "open_store", self._watched),
            patch.object(gateway_main, "IngestSearch", lambda *_: self.search),
            patch.object(gateway_main, "GuardedFetcher", Web),
        ):
            gateway = gateway_main.build_deps(GatewaySettings(port=1, **shared, **self._settings))
            dashboard = dashboard_main.build_deps(DashboardSettings(port=1, **shared))
        self.store = gateway.store
        self.apps = {"gateway": create_gateway(gateway), "dashboard": create_dashboard(dashboard)}
        self.gateway = await stack.enter_async_context(self._served(Front(self.apps["gateway"])))
        self.dashboard = await stack.enter_async_context(self._served(self.apps["dashboard"]))
        for name, pool in (("worker-1", "default"), ("worker-2", "spare")):
            worker = Worker(
                name, self.store, MemoryBroker(server), Puppet(free=True), clock, pool=pool, agents=gateway.agents
            )
            await worker.start()
            stack.push_async_callback(worker.kill)
            worker.supervisor.forever("lease", worker.leases.renew, every_s=5.0)
            worker.supervisor.forever("beat", worker.leases.beat)

    def _watched(self, settings: ServiceSettings, clock: Clock, observe: Callable[[float], None]) -> Store:
        return cast(Store, Watched(open_store(settings, clock, observe), self))

    @asynccontextmanager
    async def _served(self, app: ASGIApp) -> Any:
        """As `runtime.serve` does it, in this loop."""
        listener = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(
            self._named(app),
            http=HttpConnection,
            ws=SocketConnection,
            ws_per_message_deflate=False,
            ws_max_size=WS_MESSAGE_BYTES,
            timeout_graceful_shutdown=2,
            access_log=False,
            log_config=None,
            server_header=False,
            date_header=False,
            lifespan="on",
        )
        server = uvicorn.Server(config)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(server.serve(sockets=[listener]), name="server")
            await eventually(partial(_has_started, server))
            try:
                yield f"http://127.0.0.1:{listener.getsockname()[1]}"
            finally:
                server.should_exit = True

    def _named(self, app: ASGIApp) -> ASGIApp:
        async def named(scope: Scope, receive: Receive, send: Send) -> None:
            name = dict(scope.get("headers", ())).get(PROBE.encode())
            if name is None:
                await app(scope, receive, send)
                return
            calls = self.calls.setdefault(name.decode(), [])
            token = _calls.set(calls)
            try:
                await app(scope, receive, send)
            finally:
                _calls.reset(token)

        return named


def soon(holds: Callable[[], bool], limit_s: float = 5.0) -> None:
    """For what takes effect within seconds (B4): ask until it holds. Raises `TimeoutError`."""
    due = time.monotonic() + limit_s
    while not holds():
        if time.monotonic() > due:
            raise TimeoutError
        time.sleep(0.02)


async def _has_started(server: uvicorn.Server) -> bool:
    return server.started


@contextmanager
def stage(folder: Path, mongo_url: str | None = None, **settings: Any) -> Iterator[Stage]:
    """``settings`` are the gateway's, beyond those that make room for many calls."""
    # Longer than the tests: what is over is swept away, and rows are compared.
    wide = LimitSetting(max=1_000_000, per_s=86_400)
    room = {
        "webhooks_per_user": 1000,
        "unfinished_uploads": 10_000,
        "webhook_attempts": 1,
        "user_limit": 50,
        # Nobody rises in the line by waiting: their rows are compared.
        "ageing_s": 1e6,
        "limits": LimitSettings(**dict.fromkeys(LimitSettings.model_fields, wide)),
    }
    started = Stage(folder, mongo_url, room | settings)
    # All that is refused here comes from one address.
    with patch.object(flood, "BURST", 1e9), patch.object(flood, "ALL_BURST", 1e9):
        started.start()
        try:
            yield started
        finally:
            started.stop()
