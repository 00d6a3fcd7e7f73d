"""Serves a built page, compressed, under a policy that lets nothing foreign in (W6)."""

import os
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import PathLike, StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tokenline.runtime.other_methods import refuse_other_methods

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
    """Built files; every other path is the page itself, which does its own routing, save for those of programs.

    The build puts a ``.gz`` beside each file that is worth it: compressing here would hold up the streams.
    """

    async def get_response(self, path: str, scope: Scope) -> Response:
        refuse_other_methods(scope)
        if path.startswith("api/"):
            raise HTTPException(404)
        is_file = "." in path.rsplit("/", 1)[-1]
        response = await super().get_response(path if is_file else "index.html", scope)
        # File names in assets/ carry a hash of their content.
        if path.startswith("s/"):
            response.headers["x-robots-tag"] = "noindex, nofollow"
        response.headers["cache-control"] = "public, max-age=31536000, immutable" if "assets/" in path else "no-cache"
        return response

    def file_response(
        self, full_path: PathLike, stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """The ``.gz`` is a file of its own, with its own ETag; its media type is that of what it packs."""
        packed = Path(f"{full_path}.gz")
        if not packed.is_file():
            return super().file_response(full_path, stat_result, scope, status_code)
        if not _takes_gzip(Headers(scope=scope).get("accept-encoding", "")):
            response = super().file_response(full_path, stat_result, scope, status_code)
        else:
            response = super().file_response(packed, packed.stat(), scope, status_code)
            response.headers["content-encoding"] = "gzip"
        response.headers["vary"] = "accept-encoding"
        return response


def _takes_gzip(accepted: str) -> bool:
    """Whether an ``accept-encoding`` names gzip, with a weight other than 0."""
    for coding in accepted.lower().split(","):
        name, _, weight = "".join(coding.split()).partition(";q=")
        if name == "gzip":
            return not weight or weight.strip("0.") != ""
    return False


def mount_page(app: FastAPI, dist: Path) -> None:
    """Last of all routes, since it answers every path."""
    if dist.joinpath("index.html").is_file():
        app.mount("/", Page(directory=dist, html=True), name="page")
        return

    @app.get("/", include_in_schema=False)
    async def not_built() -> HTMLResponse:
        return HTMLResponse(NOT_BUILT, 503)
