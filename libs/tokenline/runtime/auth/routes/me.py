"""``/me``: one's own account, its password and its sign-ins."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from tokenline.contracts.accounts import RefreshToken
from tokenline.contracts.errors import NotFound, RateLimited, SignInTooOld, WeakPassword, WrongPassword
from tokenline.contracts.rest import Me
from tokenline.contracts.rest_accounts import SignInCard, SignInPage
from tokenline.runtime.answers import answer
from tokenline.runtime.auth import bodies
from tokenline.runtime.auth.http import AccountsOf, Anybody, Person, address_of
from tokenline.runtime.auth.principal import Principal
from tokenline.runtime.documents.says import says

router = APIRouter(prefix="/me")


@router.get("", summary="Who am I")
@says(Me)
async def me(principal: Anybody, accounts: AccountsOf) -> Response:
    user = await accounts.rights.active_user(principal.user_id)
    return answer(
        Me(
            id=principal.user_id,
            email=principal.email,
            role=principal.role,
            tier=principal.tier,
            via=principal.via,
            has_password=bool(user.password_hash),
        )
    )


@router.post("/password", status_code=204, summary="Change the password")
@says(None, WrongPassword, SignInTooOld, WeakPassword, RateLimited)
async def change_password(body: bodies.PasswordBody, person: Person, request: Request, accounts: AccountsOf) -> None:
    """With the present one; every other sign-in ends. An account without a password needs a fresh sign-in instead."""
    await accounts.change_password(person, body.password, body.new_password, address_of(request))


@router.get("/sign-ins", summary="List sign-ins")
@says(SignInPage)
async def list_sign_ins(person: Person, accounts: AccountsOf) -> Response:
    """Those that stand, used last first."""
    items = tuple(_card(token, person) for token in await accounts.sign_ins.of(person))
    return answer(SignInPage(items=items))


@router.delete("/sign-ins", status_code=204, summary="Sign out everywhere")
@says(None)
async def end_sign_ins(person: Person, accounts: AccountsOf, keep_current: bool = False) -> None:
    """Sockets and streams close within 5 s. ``keep_current``: everywhere else."""
    except_family = person.credential_id if keep_current else None
    await accounts.sign_ins.end_all(person.user_id, except_family=except_family)


@router.delete("/sign-ins/{sign_in_id}", status_code=204, summary="End one sign-in")
@says(None, NotFound)
async def end_sign_in(sign_in_id: str, person: Person, accounts: AccountsOf) -> None:
    await accounts.sign_ins.end_one(person, sign_in_id)


def _card(token: RefreshToken, person: Principal) -> SignInCard:
    return SignInCard(
        id=token.family,
        created_at=token.signed_in_at,
        used_at=token.issued_at,
        agent=token.agent,
        current=token.family == person.credential_id,
    )
