"""The product as its users meet it: real processes on loopback, which tests may kill, freeze and start again.

`System` starts what a test asks for on a fresh virtual host and data folder. Requests go over HTTP and sockets.
"""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from deploy.local.rabbitmq import NodeHandle
from tests.support import warm
from tests.support.documented import checking
from tests.support.limits import HARDLY_LIMITED_ENV
from tests.support.small_disk import SmallDisk

ROOT = Path(__file__).parents[2]
READY_S = 40.0
ADMIN = ("admin@example.org", "a long admin password")


TLS = False
"""The `verify=` of all that calls these processes: making a TLS context takes httpx2 24 ms for every client."""


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class System:
    """``processes`` by name: ``model``, ``ingest``, ``worker-1`` …, ``gateway-1`` …, ``admin``."""

    def __init__(self, folder: Path, amqp_url: str, model_url: str | None = None, *, cold: bool = False) -> None:
        """``cold``: every process is started from nothing, as in production, for what measures them."""
        self.folder = folder
        self._cold = cold
        self._prefix: tuple[str, ...] = ()
        self._profiled = False
        self.processes: dict[str, subprocess.Popen[bytes] | warm.Process] = {}
        self.ports: dict[str, int] = {}
        self._model_port = free_port()
        self._ingest_port = free_port()
        self.secret_key = secrets.token_urlsafe(32)
        self._model_url = model_url or f"http://127.0.0.1:{self._model_port}/v1"
        self._environment = {
            **os.environ,
            "AMQP_URL": amqp_url,
            "OPENAI_BASE_URL": self._model_url,
            "OPENAI_API_KEY": "none",
            "TOKENLINE_DATA_DIR": str(folder),
            "TOKENLINE_SECRET_KEY": self.secret_key,
            "TOKENLINE_SERVICE_TOKEN": secrets.token_urlsafe(32),
            "TOKENLINE_INGEST_URL": f"http://127.0.0.1:{self._ingest_port}",
            **HARDLY_LIMITED_ENV,
        }

    def for_all(self, **settings: str) -> None:
        """Settings of every process that is started from here on."""
        self._environment |= settings

    def keep_data_on(self, disk: SmallDisk) -> None:
        """Of every process that is started from here on; the logs stay in ``folder``."""
        self._prefix = disk.enter
        self.for_all(TOKENLINE_DATA_DIR=str(disk.folder))

    def profile(self) -> None:
        """Processes started from here on leave ``NAME.profile`` (pstats) in ``folder`` when they end."""
        self._profiled = True

    # ── starting and hurting ─────────────────────────────────────────────────────────────────────────────────────────

    def model(self, tokens_per_second: float = 200) -> None:
        self.start(
            "model", "tokenline.offline_model", "--port", str(self._model_port),
            "--tokens-per-second", f"{tokens_per_second:g}", port=self._model_port, ready="/v1/models",
        )  # fmt: skip

    def scripted_model(self) -> None:
        """Says and does what the question's JSON asks for."""
        self.start(
            "model", "tests.support.scripted_model", "--port", str(self._model_port),
            port=self._model_port, ready="/v1/models",
        )  # fmt: skip

    def model_stats(self) -> dict[str, Any]:
        stats: dict[str, Any] = httpx2.get(f"{self.url('model')}/_stats", timeout=5, verify=TLS).json()
        return stats

    def model_asked(self) -> dict[str, Any]:
        """The body of the last completion that the scripted model was asked for."""
        asked: dict[str, Any] = httpx2.get(f"{self.url('model')}/_last", timeout=5, verify=TLS).json()
        return asked

    def ingest(self) -> None:
        self.start("ingest", "services.ingest", port=self._ingest_port)

    def worker(self, number: int = 1, slots: int = 4, ready: str = "/readyz", **settings: str) -> None:
        name = f"worker-{number}"
        own = {"TOKENLINE_WORKER_ID": name, "TOKENLINE_SLOTS": str(slots)}
        self.start(name, "services.agent_worker", ready=ready, settings=own | settings)

    def gateway(self, number: int = 1, ready: str = "/readyz", **settings: str) -> None:
        name = f"gateway-{number}"
        email, password = ADMIN
        own = {
            "TOKENLINE_GATEWAY_ID": name,
            "TOKENLINE_ADMIN_EMAIL": email,
            "TOKENLINE_ADMIN_PASSWORD": password,
        }
        self.start(name, "services.gateway", ready=ready, settings=own | settings)

    def admin(self) -> None:
        self.start("admin", "services.admin_dashboard")

    def start(
        self,
        name: str,
        module: str,
        *arguments: str,
        port: int | None = None,
        ready: str = "/readyz",
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """Start and wait until it can serve; fails the test with the end of its log otherwise."""
        self.ports[name] = port or self.ports.get(name) or free_port()
        environment = {**self._environment, "TOKENLINE_PORT": str(self.ports[name]), **(settings or {})}
        before = [*self._prefix, sys.executable, *self._profiler(name), "-m"]
        with self.log(name).open("ab") as log:
            if not self._cold and module in warm.MODULES and before == [sys.executable, "-m"]:
                self.processes[name] = warm.warm().start(module, *arguments, environment=environment, log=log)
            else:
                self.processes[name] = subprocess.Popen(
                    [*before, module, *arguments], cwd=ROOT, env=environment, stdout=log, stderr=log
                )
        self.wait_ready(name, ready)

    def _profiler(self, name: str) -> tuple[str, ...]:
        return ("-m", "cProfile", "-o", str(self.folder / f"{name}.profile")) if self._profiled else ()

    def wait_ready(self, name: str, ready: str = "/readyz") -> None:
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            if self.processes[name].poll() is not None:
                break
            try:
                if httpx2.get(self.url(name) + ready, timeout=2, verify=TLS).status_code == 200:
                    return
            except httpx2.HTTPError:
                pass
            time.sleep(0.05)
        pytest.fail(f"{name} is not ready:\n{self.log(name).read_text()[-3000:]}")

    def kill(self, name: str) -> None:
        """As a crash would: no goodbye."""
        self.processes[name].kill()
        self.processes[name].wait()

    def signal(self, name: str, number: signal.Signals) -> None:
        self.processes[name].send_signal(number)

    def close(self) -> None:
        for process in reversed(self.processes.values()):
            process.send_signal(signal.SIGCONT)
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    # ── asking ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def url(self, name: str = "gateway-1") -> str:
        return f"http://127.0.0.1:{self.ports[name]}"

    def socket_url(self, name: str = "gateway-1", path: str = "/api/v1/chat/ws") -> str:
        return f"ws://127.0.0.1:{self.ports[name]}{path}"

    def sign_in(self, email: str, password: str = "a long password", gateway: str = "gateway-1") -> dict[str, Any]:
        """Register, or sign in where the account exists; the token pair."""
        body = {"email": email, "password": password}
        for path in ("register", "login"):
            answer = httpx2.post(f"{self.url(gateway)}/api/v1/auth/{path}", json=body, timeout=10, verify=TLS)
            if answer.is_success:
                tokens: dict[str, Any] = answer.json()
                return tokens
        pytest.fail(f"cannot sign in: {answer.text}")

    def client(self, email: str = "ada@example.org", gateway: str = "gateway-1") -> httpx2.Client:
        """An HTTP client that acts for this user, and holds every answer against the OpenAPI document."""
        token = self.sign_in(email, gateway=gateway)["access_token"]
        return httpx2.Client(
            base_url=self.url(gateway),
            headers={"authorization": f"Bearer {token}"},
            timeout=30,
            verify=TLS,
            event_hooks=checking(),
        )


@contextmanager
def shared_system(node: NodeHandle, folder: Path) -> Iterator[System]:
    """For fixtures that serve several tests: on a virtual host of its own. Nothing runs yet."""
    vhost = f"test-{uuid4().hex[:12]}"
    node.add_vhost(vhost)
    started = System(folder, node.amqp_url(vhost))
    try:
        yield started
    finally:
        started.close()
        node.delete_vhost(vhost, wait=False)


@pytest.fixture
def system(tmp_path: Path, amqp_url: str) -> Iterator[System]:
    """Nothing runs yet: start what the test needs."""
    started = System(tmp_path, amqp_url)
    try:
        yield started
    finally:
        started.close()
