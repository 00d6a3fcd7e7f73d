"""Answers in the shapes of the contracts, encoded by msgspec."""

from fastapi.responses import Response

from tokenline.contracts.base import to_json


def answer(value: object, status_code: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(to_json(value), status_code, headers, media_type="application/json")
