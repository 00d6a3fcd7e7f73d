"""The account routes of gateway and dashboard, under ``/api/v1``."""

from fastapi import APIRouter

from tokenline.runtime.auth.routes import keys, me, oidc, sign_in


def auth_router() -> APIRouter:
    router = APIRouter(prefix="/api/v1", tags=["accounts"])
    for part in (sign_in.router, oidc.router, me.router, keys.router):
        router.include_router(part)
    return router
