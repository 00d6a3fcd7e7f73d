"""A service's OpenAPI document: FastAPI's, with what each route says of its answers (`says`) and the house's errors."""

from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts

from tokenline.contracts.errors import (
    BadRequest,
    InvalidRequest,
    NotAllowed,
    NotSignedIn,
    StorageFull,
    StoreUnavailable,
    TokenExpired,
    TokenlineError,
    TooLarge,
)
from tokenline.contracts.rest import ErrorAnswer
from tokenline.runtime.auth.http import current_user, reader, require_admin, require_person, whoever
from tokenline.runtime.documents.says import JSON, TEXT, Said, said_by
from tokenline.runtime.documents.schemas import Schema, components, ref
from tokenline.runtime.documents.source import about

BEARER = "bearer"
ASKS = (whoever, current_user, reader, require_admin, require_person)
FASTAPIS = ("HTTPValidationError", "ValidationError")
_RETRY_AFTER = {
    "Retry-After": {"description": "Seconds until it is worth trying again.", "schema": {"type": "integer"}}
}


def describe(app: FastAPI, description: str) -> None:
    """Serve the document at ``/openapi.json``. Made when it is first asked for; all routes must be there by then."""

    @cache
    def document() -> dict[str, Any]:
        return openapi(app, description)

    app.openapi = document  # type: ignore[method-assign]  # FastAPI's own way to replace it


def operation_id(route: APIRoute) -> str:
    """The endpoint's name: for FastAPI's ``generate_unique_id_function``."""
    return route.name


def openapi(app: FastAPI, description: str) -> dict[str, Any]:
    """Raises `LookupError` for a route that does not say what it answers, by `says` or by FastAPI's ``responses``."""
    document = get_openapi(
        title=app.title, version=version("tokenline"), description=description, routes=app.routes, tags=app.openapi_tags
    )
    shapes: list[type] = [ErrorAnswer]
    for path, method, route in described_routes(app):
        operation = document["paths"][path][method.lower()]
        if _depends_on(route.dependant, *ASKS):
            operation["security"] = [{BEARER: []}]
        said = said_by(route.endpoint) if route.endpoint else None
        if said is None and not route.responses:
            raise LookupError(f"{method} {path} does not say what it answers")
        if said is None:
            _without_fastapis(operation["responses"])
            continue
        asks = "requestBody" in operation
        operation["responses"] = _responses(route, said, [*_common(route, asks), *said.errors])
        shapes += filter(None, (said.answer, *said.also.values()))
    made = document.setdefault("components", {})
    bodies, answers = _own(made.get("schemas", {})), components(shapes)
    # FastAPI and we describe the same enumeration differently; anything else is a coincidence of names.
    if twice := sorted(name for name in bodies.keys() & answers.keys() if "enum" not in answers[name]):
        raise LookupError(f"two shapes are called {twice}")
    made["schemas"] = dict(sorted((bodies | answers).items()))
    made["securitySchemes"] = {
        BEARER: {"type": "http", "scheme": "bearer", "description": "An access token, or an API key (`tl_…`)."}
    }
    return document


def described_routes(app: FastAPI) -> Iterator[tuple[str, str, RouteContext]]:
    """Path, method and route of everything that the document describes."""
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, APIRoute) and route.include_in_schema:
            for method in sorted(route.methods or ()):
                yield route.path_format or "", method, route


def _without_fastapis(responses: dict[str, Any]) -> None:
    """A route with FastAPI's own ``responses`` words its errors by itself; FastAPI adds one to them."""
    if FASTAPIS[0] in str(responses.get("422")):
        del responses["422"]


def _own(schemas: dict[str, Schema]) -> dict[str, Schema]:
    """Without FastAPI's errors, in whose place stand the house's."""
    return {name: schema for name, schema in schemas.items() if name not in FASTAPIS}


def _common(route: RouteContext, asks: bool) -> Iterator[type[TokenlineError]]:
    """What may become of any such request."""
    dependant = route.dependant
    signed_in = _depends_on(dependant, *ASKS)
    if signed_in:
        yield from (NotSignedIn, TokenExpired)
    if _depends_on(dependant, current_user, reader, require_admin, require_person):
        yield NotAllowed
    if asks:
        yield from (BadRequest, TooLarge)
    if asks or _flat(dependant, "query_params") or _flat(dependant, "path_params"):
        yield InvalidRequest
    if signed_in or asks:
        yield from (TokenlineError, StoreUnavailable)
        if "GET" not in (route.methods or ()):
            yield StorageFull


def _depends_on(dependant: Dependant, *calls: object) -> bool:
    return dependant.call in calls or any(_depends_on(inner, *calls) for inner in dependant.dependencies)


def _flat(dependant: Dependant, kind: str) -> bool:
    return bool(getattr(dependant, kind)) or any(_flat(inner, kind) for inner in dependant.dependencies)


def _responses(route: RouteContext, said: Said, errors: list[type[TokenlineError]]) -> dict[str, Any]:
    status = route.status_code or 200
    made: dict[int, dict[str, Any]] = {status: _answer(said)}
    if said.parts:
        made[206] = {"description": "The part that `Range` asks for.", "content": {said.media: {"schema": {}}}}
    if said.unchanged:
        made[304] = {"description": "It is what `If-None-Match` names."}
    for other, shape in said.also.items():
        made[other] = {"description": about(shape), "content": {JSON: {"schema": ref(shape)}}}
    for status, kinds in _by_status(errors).items():
        made[status] = _error(kinds, beside=said.also.get(status))
    return {str(status): made[status] for status in sorted(made)}


def _answer(said: Said) -> dict[str, Any]:
    if said.answer is not None:
        content: dict[str, Any] = {said.media: {"schema": ref(said.answer)}}
        if said.or_text is not None:
            content[said.or_text] = {"schema": {"type": "string"}}
        return {"description": about(said.answer) or said.about, "content": content}
    if said.media == JSON:
        return {"description": said.about}
    # Of an event stream each event is what a schema would be of, and none of OpenAPI's says that.
    schema = {"type": "string"} if said.media == TEXT else {}
    return {"description": said.about, "content": {said.media: {"schema": schema}}}


def _by_status(errors: list[type[TokenlineError]]) -> dict[int, list[type[TokenlineError]]]:
    sorted_out: dict[int, list[type[TokenlineError]]] = {}
    for error in dict.fromkeys(errors):
        sorted_out.setdefault(error.status, []).append(error)
    return sorted_out


def _error(kinds: list[type[TokenlineError]], beside: type | None) -> dict[str, Any]:
    """One status, which several errors may share, and with them another answer."""
    schema = ref(ErrorAnswer) if beside is None else {"anyOf": [ref(beside), ref(ErrorAnswer)]}
    answer = {"description": " · ".join(map(_sentence, kinds)), "content": {JSON: {"schema": schema}}}
    return answer | {"headers": _RETRY_AFTER} if kinds[0].status in (429, 503) else answer


def _sentence(error: type[TokenlineError]) -> str:
    general = error is not TokenlineError and error.default_message == TokenlineError.default_message
    return f"`{error.code}`" if general else f"`{error.code}`: {error.default_message}"
