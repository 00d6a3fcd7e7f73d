"""However administrators cease to be such at the same moment, one stays."""

import asyncio
from typing import Any

from tests.integration.auth.conftest import SECRET
from tests.integration.auth.oidc import settings_for
from tests.support.drafts import a_user
from tokenline.adapters.store_sqlite import SqliteStore
from tokenline.contracts.accounts import Role, User
from tokenline.contracts.errors import LastAdministrator, StoreUnavailable
from tokenline.core.clock import ManualClock
from tokenline.runtime.auth.accounts import Accounts
from tokenline.runtime.auth.oidc.people import People

ISSUER = "https://id.example"
SETTINGS = settings_for(ISSUER, oidc_admin_claim="groups", oidc_admin_value="admins")


def _claims(name: str) -> dict[str, Any]:
    """Of somebody who has left the administrators."""
    return {"iss": ISSUER, "sub": name, "email": f"{name}@example.org", "email_verified": True, "groups": []}


async def _administrator(accounts: Accounts, name: str) -> User:
    return await accounts.create(f"{name}@example.org", None, Role.ADMIN)


async def test_two_whom_the_provider_unmakes(store: SqliteStore, clock: ManualClock) -> None:
    gateways = [Accounts(store, clock, SECRET) for _ in range(2)]
    for name in ("ann", "bob"):
        await _administrator(gateways[0], name)
    people = [People(store, clock, accounts, SETTINGS) for accounts in gateways]
    outcomes = await asyncio.gather(people[0].of(_claims("ann")), people[1].of(_claims("bob")), return_exceptions=True)
    assert all(isinstance(outcome, User | StoreUnavailable) for outcome in outcomes)
    assert await store.has_admin()
    for name in ("ann", "bob", "ann"):
        await people[0].of(_claims(name))
    assert await store.has_admin(besides=a_user(clock).id), "nor one after the other"


async def test_one_who_leaves_and_one_whom_the_provider_unmakes(store: SqliteStore, clock: ManualClock) -> None:
    gateways = [Accounts(store, clock, SECRET) for _ in range(2)]
    ann, _ = [await _administrator(gateways[0], name) for name in ("ann", "bob")]
    pair = await gateways[0].sign_ins.begin(ann, "")
    leaving = gateways[0].delete(await gateways[0].authenticate(pair.access_token), None)
    staying = People(store, clock, gateways[1], SETTINGS).of(_claims("bob"))
    outcomes = await asyncio.gather(leaving, staying, return_exceptions=True)
    assert all(isinstance(one, User | StoreUnavailable | LastAdministrator | None) for one in outcomes)
    assert await store.has_admin()
