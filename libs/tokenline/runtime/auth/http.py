"""Identity over HTTP: what a route asks for.

Credentials come in the `Authorization` header or in bodies, never in a URL. The app keeps its `Accounts` in
`app.state.accounts`.
"""

from typing import Annotated

from fastapi import Depends, Request
from msgspec.structs import replace
from starlette.requests import HTTPConnection

from tokenline.contracts.accounts import Scope
from tokenline.contracts.errors import NotAllowed, NotSignedIn
from tokenline.runtime.auth.accounts import Accounts
from tokenline.runtime.auth.principal import Principal
from tokenline.runtime.auth.scopes import demand, demand_administrator, scope_of


def accounts_of(request: Request) -> Accounts:
    accounts: Accounts = request.app.state.accounts
    return accounts


def bearer_token(request: Request) -> str:
    """Raises `NotSignedIn` unless there is exactly one bearer credential."""
    headers = request.headers.getlist("authorization")
    if len(headers) != 1:
        raise NotSignedIn
    scheme, _, token = headers[0].partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotSignedIn
    return token.strip()


async def whoever(request: Request) -> Principal:
    """Any credential, whatever its scopes. Raises `NotSignedIn` or `TokenExpired`."""
    principal = await accounts_of(request).authenticate(bearer_token(request))
    return replace(principal, address=address_of(request))


async def current_user(request: Request) -> Principal:
    """May look, and to do more than that, take part. Raises `NotSignedIn`, `TokenExpired` or `NotAllowed`."""
    principal = await whoever(request)
    demand(principal, scope_of(request.method))
    return principal


async def reader(request: Request) -> Principal:
    """As `current_user`, for what changes nothing although it is not a GET."""
    principal = await whoever(request)
    demand(principal, Scope.READ)
    return principal


async def require_admin(request: Request) -> Principal:
    """Raises `NotSignedIn`, `TokenExpired` or `NotAllowed`."""
    principal = await whoever(request)
    demand_administrator(principal)
    return principal


async def require_person(request: Request) -> Principal:
    """Refuses API keys with `NotAllowed`: a leaked key must not make further ones, nor take the account."""
    principal = await whoever(request)
    if principal.via != "password":
        raise NotAllowed("An API key may not manage an account or its keys. Sign in.")
    return principal


def address_of(connection: HTTPConnection) -> str:
    return connection.client.host if connection.client else ""


Anybody = Annotated[Principal, Depends(whoever)]
Authenticated = Annotated[Principal, Depends(current_user)]
Reader = Annotated[Principal, Depends(reader)]
Administrator = Annotated[Principal, Depends(require_admin)]
Person = Annotated[Principal, Depends(require_person)]
AccountsOf = Annotated[Accounts, Depends(accounts_of)]
