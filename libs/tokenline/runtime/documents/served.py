"""``GET /asyncapi.json``, beside the ``/openapi.json`` that FastAPI serves."""

from collections.abc import Callable
from functools import cache
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from tokenline.contracts.base import to_json
from tokenline.runtime.documents.asyncapi import asyncapi
from tokenline.runtime.documents.asyncapi_admin import admin_asyncapi


def _serving(document: Callable[[], dict[str, Any]]) -> APIRouter:
    made = APIRouter()

    @cache
    def encoded() -> bytes:
        """Made when it is first asked for: reading what the source says of every field takes a while."""
        return to_json(document())

    @made.get("/asyncapi.json", include_in_schema=False)
    async def asyncapi_document() -> Response:
        return Response(encoded(), media_type="application/json")

    return made


router = _serving(asyncapi)
"""A gateway's."""
admin_router = _serving(admin_asyncapi)
"""The dashboard's."""
