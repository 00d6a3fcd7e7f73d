"""Which connections go past the framework: the router's two chat sockets and nothing else."""

from typing import Any, cast

import pytest
from fastapi import FastAPI, WebSocket
from starlette.routing import WebSocketRoute
from starlette.types import Scope

from services.gateway.ws import front
from services.gateway.ws.routes import ALL, ONE, router


@pytest.mark.parametrize(
    ("kind", "path", "root", "only"),
    [
        ("websocket", "/api/v1/chat/ws", "", None),
        ("websocket", "/base/api/v1/chat/ws", "/base", None),
        ("websocket", "/ws/chat/0190-a", "", "0190-a"),
        ("websocket", "/ws/chat/", "", "app"),
        ("websocket", "/ws/chat/a/b", "", "app"),
        ("websocket", "/ws/chat", "", "app"),
        ("websocket", "/api/v1/chat/ws/", "", "app"),
        ("websocket", "/other", "", "app"),
        ("http", "/api/v1/chat/ws", "", "app"),
        ("lifespan", "", "", "app"),
    ],
)
async def test_chat_sockets_go_to_their_door_and_all_else_to_the_app(monkeypatch, kind, path, root, only):
    opened: list[Any] = []

    async def door(socket: WebSocket, conversation: str | None) -> None:
        assert socket.app is app
        opened.append(conversation)

    async def app_itself(scope: Scope, *_: Any) -> None:
        opened.append("app")

    async def nothing(*_: Any) -> Any:
        raise AssertionError

    app = cast(FastAPI, app_itself)
    monkeypatch.setattr(front, "open_socket", door)
    await front.Front(app)({"type": kind, "path": path, "root_path": root}, nothing, nothing)
    assert opened == [only]


def test_the_router_knows_the_same_addresses():
    paths = {route.path for route in router.routes if isinstance(route, WebSocketRoute)}
    assert paths == {ALL, ONE + "/{conversation_id}"}
