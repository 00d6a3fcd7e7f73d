"""``/auth/methods`` and ``/auth/oidc``: how one can sign in here, and signing in at a provider."""

from typing import Annotated
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from tokenline.contracts.accounts import TokenPair
from tokenline.contracts.errors import NotFound, SignInLapsed, TokenlineError
from tokenline.contracts.rest_accounts import ProviderButton, SignInMethods
from tokenline.runtime.answers import answer
from tokenline.runtime.auth.http import AccountsOf
from tokenline.runtime.auth.oidc.sign_in import HANDOVER_S, STARTED_S, OidcSignIn, local_path
from tokenline.runtime.auth.routes.sign_in import agent_of
from tokenline.runtime.documents.says import says

PATH = "/api/v1/auth/oidc"
STARTED = "tokenline_oidc"
HANDOVER = "tokenline_oidc_done"

router = APIRouter(prefix="/auth")


def oidc_or_none(request: Request) -> OidcSignIn | None:
    found: OidcSignIn | None = getattr(request.app.state, "oidc", None)
    return found


def oidc_of(request: Request) -> OidcSignIn:
    """Raises `NotFound` where no provider is set."""
    found = oidc_or_none(request)
    if found is None:
        raise NotFound("There is no provider to sign in at.")
    return found


Oidc = Annotated[OidcSignIn, Depends(oidc_of)]


@router.get("/methods", summary="How one can sign in")
@says(SignInMethods)
async def sign_in_methods(request: Request, accounts: AccountsOf) -> Response:
    oidc = oidc_or_none(request)
    button = None if oidc is None else ProviderButton(label=oidc.label, start=f"{PATH}/start")
    return answer(SignInMethods(registration_open=accounts.registration_open, oidc=button))


@router.get("/oidc/start", include_in_schema=False)
async def start(request: Request, oidc: Oidc, return_to: str = "/") -> Response:
    """Sends the browser to the provider."""
    try:
        started = await oidc.start(_redirect_uri(request), return_to)
    except TokenlineError as error:
        return _back(local_path(return_to), error.code)
    response = RedirectResponse(started.address, 303, {"cache-control": "no-store"})
    # Lax: it must come along when the provider sends the browser back.
    _set(response, request, STARTED, started.note, STARTED_S, strict=False)
    return response


@router.get("/oidc/callback", include_in_schema=False)
async def callback(request: Request, oidc: Oidc) -> Response:
    """Where the provider sends the browser back to; the page is told in its address how it went, but no more."""
    note = request.cookies.get(STARTED, "")
    back = oidc.back_to(note)
    try:
        done = await oidc.finish(note, dict(request.query_params), _redirect_uri(request))
    except TokenlineError as error:
        return _back(back, error.code)
    response = _back(back, "done")
    _set(response, request, HANDOVER, done, HANDOVER_S, strict=True)
    return response


@router.post("/oidc/exchange", summary="Get tokens after signing in at a provider")
@says(TokenPair, SignInLapsed, NotFound)
async def exchange(request: Request, oidc: Oidc) -> Response:
    """For the cookie that signing in left in this browser, once within a minute."""
    response = answer(await oidc.exchange(request.cookies.get(HANDOVER, ""), agent_of(request)))
    response.delete_cookie(HANDOVER, path=PATH)
    return response


def _redirect_uri(request: Request) -> str:
    """The same at both steps; the provider compares it with what is registered there."""
    own = str(request.base_url) if request.app.state.public_url is None else request.app.state.public_url
    return own.rstrip("/") + f"{PATH}/callback"


def _back(path: str, outcome: str) -> Response:
    parts = urlsplit(path)
    query = f"{parts.query}&" if parts.query else ""
    address = parts._replace(query=query + urlencode({"sign_in": outcome})).geturl()
    response = RedirectResponse(address, 303, {"cache-control": "no-store"})
    response.delete_cookie(STARTED, path=PATH)
    return response


def _set(response: Response, request: Request, name: str, value: str, for_s: int, *, strict: bool) -> None:
    response.set_cookie(
        name,
        value,
        max_age=for_s,
        path=PATH,
        secure=_redirect_uri(request).startswith("https:"),
        httponly=True,
        samesite="strict" if strict else "lax",
    )
