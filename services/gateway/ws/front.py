"""Hands chat sockets to their door past the framework.

On the way through middlewares and router some twenty coroutines wait for a socket's whole life, with their closures and
exit stacks: a quarter of what an idle socket takes. They do nothing for sockets; HTTP goes through all of them.
"""

from collections.abc import Awaitable

from fastapi import FastAPI, WebSocket
from starlette.types import Receive, Scope, Send

from services.gateway.ws.routes import ALL, ONE, open_socket


class Front:
    """The same two addresses that the router has; everything else is the app's."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "websocket":
            path = scope["path"].removeprefix(scope.get("root_path", ""))
            before, _, name = path.rpartition("/")
            if path == ALL or (before == ONE and name):
                scope["app"] = self._app
                return open_socket(WebSocket(scope, receive, send), None if path == ALL else name)
        return self._app(scope, receive, send)
