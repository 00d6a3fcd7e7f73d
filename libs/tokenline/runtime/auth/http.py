"""Identity over HTTP: what a route asks for, and the account routes of gateway and dashboard.

Credentials come in the `Authorization` header or in bodies, never in a URL. The app keeps its `Accounts` in
`app.state.accounts`.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from tokenline.contracts.accounts import Role, TokenPair
from tokenline.contracts.errors import (
    EmailTaken,
    InvalidEmail,
    NotAllowed,
    NotFound,
    NotSignedIn,
    RateLimited,
    RegistrationClosed,
    TokenExpired,
    WeakPassword,
    WrongCredentials,
)
from tokenline.contracts.rest import ApiKeyCard, ApiKeyPage, Me, NewApiKey, SocketTicket
from tokenline.runtime.answers import answer
from tokenline.runtime.auth import bodies
from tokenline.runtime.auth.accounts import Accounts
from tokenline.runtime.auth.principal import Principal
from tokenline.runtime.auth.tokens import SOCKET_TICKET_TTL_S
from tokenline.runtime.documents.says import says


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


async def current_user(request: Request) -> Principal:
    """Raises `NotSignedIn` or `TokenExpired`."""
    return await accounts_of(request).authenticate(bearer_token(request))


Authenticated = Annotated[Principal, Depends(current_user)]


async def require_admin(request: Request) -> Principal:
    """Raises `NotSignedIn`, `TokenExpired` or `NotAllowed`."""
    principal = await current_user(request)
    if principal.role is not Role.ADMIN:
        raise NotAllowed
    return principal


async def require_person(principal: Authenticated) -> Principal:
    """Refuses API keys with `NotAllowed`: a leaked key must not make further ones."""
    if principal.via != "password":
        raise NotAllowed("An API key may not manage API keys. Sign in with the password.")
    return principal


Administrator = Annotated[Principal, Depends(require_admin)]
Person = Annotated[Principal, Depends(require_person)]
AccountsOf = Annotated[Accounts, Depends(accounts_of)]


def auth_router() -> APIRouter:
    """Account routes under ``/api/v1``."""
    router = APIRouter(prefix="/api/v1", tags=["accounts"])
    router.include_router(_sign_in_routes())
    router.include_router(_own_routes())
    return router


def _sign_in_routes() -> APIRouter:
    router = APIRouter(prefix="/auth")

    @router.post("/register", status_code=201, summary="Make an account")
    @says(TokenPair, RegistrationClosed, InvalidEmail, WeakPassword, EmailTaken)
    async def register(body: bodies.CredentialsBody, accounts: AccountsOf) -> Response:
        return answer(await accounts.register(body.email, body.password), 201)

    @router.post("/login", summary="Sign in")
    @says(TokenPair, WrongCredentials, RateLimited)
    async def login(body: bodies.CredentialsBody, request: Request, accounts: AccountsOf) -> Response:
        address = request.client.host if request.client else ""
        return answer(await accounts.login(body.email, body.password, address))

    @router.post("/refresh", summary="Get the next pair of tokens")
    @says(TokenPair, NotSignedIn, TokenExpired)
    async def refresh(body: bodies.RefreshBody, accounts: AccountsOf) -> Response:
        """A refresh token works once; using a spent one ends the whole sign-in."""
        return answer(await accounts.refresh(body.refresh_token))

    @router.post("/logout", status_code=204, summary="Sign out")
    @says(None, NotSignedIn, TokenExpired)
    async def logout(request: Request, accounts: AccountsOf, body: bodies.LogoutBody | None = None) -> None:
        """By refresh token, or else the sign-in of the access token in the header."""
        if body is not None and body.refresh_token is not None:
            await accounts.logout(body.refresh_token)
        else:
            await accounts.end_session(await current_user(request))

    return router


def _own_routes() -> APIRouter:
    router = APIRouter()

    @router.post("/auth/ws-ticket", summary="Get a ticket for a socket")
    @says(SocketTicket)
    async def socket_ticket(principal: Authenticated, accounts: AccountsOf) -> Response:
        return answer(SocketTicket(ticket=accounts.socket_ticket(principal), expires_in=SOCKET_TICKET_TTL_S))

    @router.get("/me", summary="Who am I")
    @says(Me)
    async def me(principal: Authenticated) -> Response:
        return answer(
            Me(
                id=principal.user_id,
                email=principal.email,
                role=principal.role,
                tier=principal.tier,
                via=principal.via,
            )
        )

    @router.post("/api-keys", status_code=201, summary="Make an API key")
    @says(NewApiKey)
    async def create_api_key(body: bodies.ApiKeyBody, principal: Person, accounts: AccountsOf) -> Response:
        record, key = await accounts.create_api_key(principal, body.name)
        return answer(NewApiKey(id=record.id, name=record.name, created_at=record.created_at, key=key), 201)

    @router.get("/api-keys", summary="List API keys")
    @says(ApiKeyPage)
    async def list_api_keys(principal: Authenticated, accounts: AccountsOf) -> Response:
        kept = await accounts.api_keys(principal)
        cards = (ApiKeyCard(id=key.id, name=key.name, created_at=key.created_at) for key in kept)
        return answer(ApiKeyPage(items=tuple(cards)))

    @router.delete("/api-keys/{key_id}", status_code=204, summary="Revoke an API key")
    @says(None, NotFound)
    async def revoke_api_key(key_id: str, principal: Person, accounts: AccountsOf) -> None:
        await accounts.revoke_api_key(principal, key_id)

    return router
