"""Credentials that are none, or no longer: each with how it is presented."""

import base64
import json
from functools import partial

import httpx2
from msgspec.structs import replace

from tests.security.people import PASSWORD, Person
from tests.security.stage import SECRET, Stage, soon
from tokenline.core.clock import ManualClock, SystemClock, new_id
from tokenline.runtime.auth.tokens import ACCESS_TTL_S, Tokens

Headers = dict[str, str]


def bearer(token: str) -> Headers:
    return {"authorization": f"Bearer {token}"}


def bad_credentials(house: Stage) -> dict[str, Headers]:
    """By what is wrong with them. They are refused by the time this returns."""
    now = SystemClock().now()
    good, gone, left = Person(house, "good"), Person(house, "gone"), Person(house, "left")
    access = good.tokens["access_token"]
    session = Tokens(SECRET, SystemClock()).read(access, "access").session_id
    stale = Tokens(SECRET, ManualClock(now - ACCESS_TTL_S - 3600)).access(good.id, session)
    forged = Tokens("another secret of thirty-two bytes!", SystemClock()).access(good.id, session)
    stranger = Tokens(SECRET, SystemClock()).access(new_id(now), session)
    head, claims, signature = access.split(".")
    gone_key, left_key = _key(gone), _key(left)
    revoked = good.post("/api/v1/api-keys", {"name": "revoked"})
    good.http.delete(f"/api/v1/api-keys/{revoked['id']}")
    gone.http.post("/api/v1/auth/logout")
    change_user(house, left, disabled=True)
    made = {
        "none": {},
        "empty": {"authorization": "Bearer"},
        "another scheme": {"authorization": f"Basic {base64.b64encode(f'{good.email}:{PASSWORD}'.encode()).decode()}"},
        "no scheme": {"authorization": access},
        "two in one": bearer(f"{access} {access}"),
        "in a cookie": {"cookie": f"access_token={access}; token={access}; authorization=Bearer {access}"},
        "in another header": {"x-access-token": access, "x-api-key": _key(good), "proxy-authorization": access},
        "garbage": bearer("garbage"),
        "a garbled key": bearer(f"{_key(good)}x"),
        "expired": bearer(stale),
        "forged": bearer(forged),
        "no algorithm": bearer(f"{_part(alg='none', typ='JWT')}.{claims}."),
        "another signature": bearer(f"{head}.{claims}.{signature[::-1]}"),
        "of nobody": bearer(stranger),
        "for refreshing": bearer(good.tokens["refresh_token"]),
        "for a socket": bearer(good.post("/api/v1/auth/ws-ticket")["ticket"]),
        "signed out": bearer(gone.tokens["access_token"]),
        "of a disabled account": bearer(left.tokens["access_token"]),
        "a key of a disabled account": bearer(left_key),
        "a revoked key": bearer(revoked["key"]),
    }
    assert house.http["gateway"].get("/api/v1/me", headers=bearer(gone_key)).status_code == 200, (
        "signing out keeps keys"
    )
    for http in house.http.values():
        # B4: what was taken back is refused within five seconds, also where it was believed a moment before.
        for headers in made.values():
            soon(partial(_refused, http, headers))
    return made


def _refused(http: httpx2.Client, headers: Headers) -> bool:
    return http.get("/api/v1/me", headers=headers).status_code == 401


def change_user(house: Stage, person: Person, **changes: object) -> None:
    """As an administrator would."""

    async def change() -> None:
        user = await house.store.get_user(person.id)
        assert user is not None
        await house.store.update_user(replace(user, **changes))

    house.run(change())


def _key(person: Person) -> str:
    key: str = person.post("/api/v1/api-keys", {"name": "key"})["key"]
    return key


def _part(**claims: str) -> str:
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
