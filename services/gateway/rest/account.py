"""``DELETE /api/v1/me``."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from tokenline.contracts.errors import LastAdministrator, RateLimited, SignInTooOld, WrongPassword
from tokenline.runtime.auth import bodies
from tokenline.runtime.auth.http import AccountsOf, Person, address_of
from tokenline.runtime.documents.says import says

router = APIRouter(prefix="/api/v1", tags=["accounts"])


@router.delete("/me", status_code=202, summary="Delete the account")
@says(None, WrongPassword, SignInTooOld, LastAdministrator, RateLimited, about="Nobody gets in any more.")
async def delete_account(body: bodies.DeletionBody, person: Person, request: Request, accounts: AccountsOf) -> Response:
    """With the password, or a fresh sign-in where there is none. Waiting and running questions are stopped; all that
    belonged to the account is removed within a minute. The e-mail address is free at once."""
    await accounts.delete(person, body.password, address_of(request))
    return Response(status_code=202)
