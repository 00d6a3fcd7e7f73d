"""Runs a service's ASGI app: uvicorn as measured, with connections that give up on dead peers."""

import asyncio
import gc
import signal
import socket
import sys
from collections.abc import Callable

import structlog
import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

from tokenline.contracts.frames import MAX_FRAME_BYTES
from tokenline.runtime.connections import HttpConnection, SocketConnection, tune
from tokenline.runtime.settings import ServiceSettings
from tokenline.runtime.tracing import close_tracing

log = structlog.get_logger()

PING_S = 10
PONG_S = 7
"""Together 17 s: a peer that went silent is dropped within 20 s, whatever it is sent (F42)."""

GC_ALLOCATIONS = 10_000
SWITCH_S = 0.001

WS_MESSAGE_BYTES = 4 * MAX_FRAME_BYTES
"""Above the frame limit, so that a frame a little too large gets a sentence and only a huge one is cut off (1009)."""


def listen(host: str, port: int) -> socket.socket:
    """Bind, or end the process with a sentence that says what to do."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    tune(listener)
    try:
        listener.bind((host, port))
    except OSError as error:
        sys.exit(f"Cannot listen on {host}:{port} ({error.strerror}). Choose another port or stop what uses it.")
    listener.set_inheritable(True)
    return listener


def _tune() -> None:
    """For a loop that is always busy, beside threads that wait for their turn.

    What is loaded by now lives as long as the process, so the collector need not walk it again. A store thread gets the
    interpreter after 1 ms instead of 5, which each of the five store calls before a first token would wait for.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_ALLOCATIONS)
    sys.setswitchinterval(SWITCH_S)


class _Server(uvicorn.Server):
    """Calls ``app.state.leave`` when it begins to stop, so that streams can end which would be waited for."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._leave: Callable[[], None] | None = getattr(app.state, "leave", None)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._leave is not None:
            self._leave()
        await super().shutdown(sockets)


def configure(app: ASGIApp, settings: ServiceSettings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        interface="asgi3",
        host=settings.host,
        port=settings.port,
        http=HttpConnection,
        ws=SocketConnection,
        ws_per_message_deflate=False,
        ws_max_size=WS_MESSAGE_BYTES,
        ws_ping_interval=PING_S,
        ws_ping_timeout=PONG_S,
        timeout_graceful_shutdown=settings.graceful_s,
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=False,
        # By default uvicorn would believe whoever connects from this machine.
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=[str(network) for network in settings.trusted_proxies],
    )


def run(app: FastAPI, settings: ServiceSettings, front: ASGIApp | None = None) -> None:
    """Serve until SIGINT or SIGTERM. Blocks. ``front`` stands before the app, if anything does."""
    listener = listen(settings.host, settings.port)
    config = configure(front or app, settings)
    _tune()
    log.info("service.starting", host=settings.host, port=settings.port)
    # When all has been shut down uvicorn raises the signal again; by default it would end the process right there.
    signal.signal(signal.SIGTERM, _leave)
    try:
        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            runner.run(_Server(config, app).serve(sockets=[listener]))
    finally:
        close_tracing()
        log.info("service.stopped")


def _leave(*_: object) -> None:
    sys.exit(0)
