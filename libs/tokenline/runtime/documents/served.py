"""``GET /asyncapi.json``, beside the ``/openapi.json`` that FastAPI serves."""

from functools import cache

from fastapi import APIRouter
from fastapi.responses import Response

from tokenline.contracts.base import to_json
from tokenline.runtime.documents.asyncapi import asyncapi

router = APIRouter()


@router.get("/asyncapi.json", include_in_schema=False)
async def asyncapi_document() -> Response:
    return Response(_encoded(), media_type="application/json")


@cache
def _encoded() -> bytes:
    """Made when it is first asked for: reading what the source says of every field takes a while."""
    return to_json(asyncapi())
