"""Every route of gateway and dashboard asks who is there, in one of five ways; a new one cannot forget to."""

from collections.abc import Iterator

import pytest
from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from services.admin_dashboard import app as dashboard
from services.gateway import app as gateway
from tokenline.runtime.auth import http

ASKS = {http.whoever, http.current_user, http.reader, http.require_admin, http.require_person}
FOR_ANY_CREDENTIAL = {("GET", "/api/v1/me")}
"""Whatever the scopes of a key."""
CHANGE_NOTHING = {
    ("POST", "/api/v1/auth/ws-ticket"),
    ("POST", "/api/v1/chat/conversations/{conversation_id}/query"),
}
"""A key that may only look may call these, although they are no GET."""
FOR_EVERYBODY = {
    ("POST", "/api/v1/auth/register"),
    ("POST", "/api/v1/auth/login"),
    ("POST", "/api/v1/auth/refresh"),
    ("POST", "/api/v1/auth/logout"),
    ("GET", "/api/v1/auth/methods"),
    ("GET", "/api/v1/auth/oidc/start"),
    ("GET", "/api/v1/auth/oidc/callback"),
    ("POST", "/api/v1/auth/oidc/exchange"),
    ("GET", "/asyncapi.json"),
    ("GET", "/api/public/shares/{token}"),
    ("GET", "/api/public/files/{link}"),
    ("HEAD", "/api/public/files/{link}"),
}


def _routes(routers: tuple[APIRouter, ...]) -> Iterator[tuple[str, APIRoute]]:
    for router in routers:
        for route in router.routes:
            if isinstance(route, APIRoute) and route.path != "/v1/{path:path}":
                yield from ((method, route) for method in route.methods or ())


def _asked(dependant: Dependant) -> set[object]:
    found = {dependant.call} & ASKS
    return found.union(*(_asked(one) for one in dependant.dependencies))


@pytest.mark.parametrize("routers", [gateway.ROUTERS, dashboard.ROUTERS], ids=["gateway", "dashboard"])
def test_every_route_asks_who_is_there(routers: tuple[APIRouter, ...]) -> None:
    seen = 0
    for method, route in _routes(routers):
        asked, name = _asked(route.dependant), (method, route.path)
        seen += 1
        if name in FOR_EVERYBODY:
            assert not asked, name
        elif "/admin/" in route.path:
            assert asked == {http.require_admin}, name
        elif name in FOR_ANY_CREDENTIAL:
            assert asked == {http.whoever}, name
        elif name in CHANGE_NOTHING:
            assert asked == {http.reader}, name
        else:
            looking = [{http.reader}] if method == "GET" else []
            assert asked in ({http.current_user}, {http.require_person}, *looking), name
    assert seen > 10
