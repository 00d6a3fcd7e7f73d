"""Serves the chat page, under a policy that lets nothing foreign in (W6)."""

from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; script-src 'self'; "
    "connect-src 'self' ws: wss:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
NOT_BUILT = "<!doctype html><title>Tokenline</title><p>The page is not built yet. Run <code>make setup</code>.</p>"


class SecureHeaders:
    """ASGI middleware: the headers every answer carries."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)


class Page(StaticFiles):
    """Built files; every other path is the page itself, which does its own routing."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        is_file = "." in path.rsplit("/", 1)[-1]
        response = await super().get_response(path if is_file else "index.html", scope)
        # File names in assets/ carry a hash of their content.
        response.headers["cache-control"] = "public, max-age=31536000, immutable" if "assets/" in path else "no-cache"
        return response


def mount_page(app: FastAPI, dist: Path) -> None:
    """Last of all routes, since it answers every path."""
    if dist.joinpath("index.html").is_file():
        app.mount("/", Page(directory=dist, html=True), name="page")
        return

    @app.get("/", include_in_schema=False)
    async def not_built() -> HTMLResponse:
        return HTMLResponse(NOT_BUILT, 503)
