"""``/api-keys``."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from tokenline.contracts.accounts import ApiKey
from tokenline.contracts.errors import NotFound
from tokenline.contracts.rest import ApiKeyCard, ApiKeyPage, NewApiKey
from tokenline.runtime.answers import answer
from tokenline.runtime.auth import bodies
from tokenline.runtime.auth.http import AccountsOf, Authenticated, Person
from tokenline.runtime.documents.says import says

router = APIRouter(prefix="/api-keys")


def _shown(key: ApiKey) -> dict[str, Any]:
    return {field: getattr(key, field) for field in ApiKeyCard.__struct_fields__}


@router.post("", status_code=201, summary="Make an API key")
@says(NewApiKey)
async def create_api_key(body: bodies.ApiKeyBody, person: Person, accounts: AccountsOf) -> Response:
    """The key is shown here and never again."""
    record, key = await accounts.keys.create(person, body.name, body.scopes, body.expires_in_days, body.limits.shape())
    return answer(NewApiKey(**_shown(record), key=key), 201)


@router.get("", summary="List API keys")
@says(ApiKeyPage)
async def list_api_keys(principal: Authenticated, accounts: AccountsOf) -> Response:
    kept = await accounts.keys.of(principal)
    return answer(ApiKeyPage(items=tuple(ApiKeyCard(**_shown(key)) for key in kept)))


@router.delete("/{key_id}", status_code=204, summary="Revoke an API key")
@says(None, NotFound)
async def revoke_api_key(key_id: str, person: Person, accounts: AccountsOf) -> None:
    await accounts.keys.revoke(person, key_id)
