"""``/auth``: in, on and out."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from tokenline.contracts.accounts import TokenPair
from tokenline.contracts.errors import (
    EmailTaken,
    InvalidEmail,
    NotSignedIn,
    RateLimited,
    RegistrationClosed,
    TokenExpired,
    WeakPassword,
    WrongCredentials,
)
from tokenline.contracts.rest import SocketTicket
from tokenline.runtime.answers import answer
from tokenline.runtime.auth import bodies
from tokenline.runtime.auth.agent import coarse
from tokenline.runtime.auth.http import AccountsOf, Reader, address_of, whoever
from tokenline.runtime.auth.tokens import SOCKET_TICKET_TTL_S
from tokenline.runtime.documents.says import says

router = APIRouter(prefix="/auth")


def agent_of(request: Request) -> str:
    return coarse(request.headers.get("user-agent", ""))


@router.post("/register", status_code=201, summary="Make an account")
@says(TokenPair, RegistrationClosed, RateLimited, InvalidEmail, WeakPassword, EmailTaken)
async def register(body: bodies.CredentialsBody, request: Request, accounts: AccountsOf) -> Response:
    return answer(await accounts.register(body.email, body.password, address_of(request), agent_of(request)), 201)


@router.post("/login", summary="Sign in")
@says(TokenPair, WrongCredentials, RateLimited)
async def login(body: bodies.CredentialsBody, request: Request, accounts: AccountsOf) -> Response:
    return answer(await accounts.login(body.email, body.password, address_of(request), agent_of(request)))


@router.post("/refresh", summary="Get the next pair of tokens")
@says(TokenPair, NotSignedIn, TokenExpired)
async def refresh(body: bodies.RefreshBody, accounts: AccountsOf) -> Response:
    """A refresh token works once; using a spent one ends the whole sign-in."""
    return answer(await accounts.sign_ins.refresh(body.refresh_token))


@router.post("/logout", status_code=204, summary="Sign out")
@says(None, NotSignedIn, TokenExpired)
async def logout(request: Request, accounts: AccountsOf, body: bodies.LogoutBody | None = None) -> None:
    """By refresh token, or else the sign-in of the access token in the header."""
    if body is not None and body.refresh_token is not None:
        await accounts.sign_ins.end_by_token(body.refresh_token)
    else:
        await accounts.sign_ins.end_own(await whoever(request))


@router.post("/ws-ticket", summary="Get a ticket for a socket")
@says(SocketTicket)
async def socket_ticket(principal: Reader, accounts: AccountsOf) -> Response:
    return answer(SocketTicket(ticket=accounts.rights.socket_ticket(principal), expires_in=SOCKET_TICKET_TTL_S))
