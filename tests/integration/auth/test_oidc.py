"""Signing in at a real OpenID Connect provider on loopback (I4)."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx2
import pytest
from msgspec.structs import replace

from tests.integration.auth.conftest import SECRET, code, served
from tests.integration.auth.oidc import EXCHANGE, START, Browser, an_app, settings_for
from tests.support.oidc import CALLBACK, OidcProvider
from tests.support.system import free_port
from tokenline.adapters.store_sqlite import SqliteStore
from tokenline.contracts.accounts import Role
from tokenline.core.clock import ManualClock, SystemClock
from tokenline.runtime.auth.accounts import Accounts
from tokenline.runtime.auth.oidc.provider import KEYS_AGAIN_S

ANN = {"email": "ann@example.org", "password": "correct horse"}


class Place:
    """Where the provider and the gateways of this file are. Gateways differ in their settings, not in their address."""

    def __init__(self) -> None:
        self.gateway_port = free_port()
        self.url = f"http://127.0.0.1:{self.gateway_port}"
        self.provider = OidcProvider(free_port(), self.url + CALLBACK)


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    place = Place()
    place.provider.start()
    yield place
    place.provider.stop()


@pytest.fixture
def clock() -> ManualClock:
    """The provider has a clock of its own."""
    return ManualClock(SystemClock().now())


Serve = Callable[..., Any]


@pytest.fixture
async def serve(place: Place, store: SqliteStore, clock: ManualClock) -> AsyncIterator[Serve]:
    """A gateway with these settings."""
    async with AsyncExitStack() as at_end:

        async def start(registration_open: bool = True, **settings: Any) -> str:
            accounts = Accounts(store, clock, SECRET, registration_open)
            wanted = settings_for(place.provider.issuer, public_url=place.url, **settings)
            app = an_app(store, clock, accounts, wanted)
            at_end.push_async_callback(app.state.oidc.close)
            return "http://" + await at_end.enter_async_context(served(app, place.gateway_port))

        yield start


@pytest.fixture
async def browser(place: Place) -> AsyncIterator[Browser]:
    async with Browser(place.url) as browser:
        yield browser


async def test_whoever_the_provider_vouches_for_gets_in(serve: Serve, browser: Browser, store: SqliteStore) -> None:
    await serve()
    methods = (await browser.http.get(f"{browser.gateway}/api/v1/auth/methods")).json()
    assert methods == {"registration_open": True, "oidc": {"label": "single sign-on", "start": START}}
    back = await browser.to_the_callback("ann", "/c/1?a=b")
    assert await browser.open(back) == "/c/1?a=b&sign_in=done"
    pair = (await browser.exchange()).json()
    assert set(pair) == {"access_token", "refresh_token", "token_type", "expires_in"}
    me = await browser.me(pair["access_token"])
    assert (me["email"], me["role"], me["via"]) == ("ann@example.org", "user", "password")
    user = await store.user_by_email("ann@example.org")
    assert user is not None
    assert user.password_hash == ""
    [sign_in] = await store.sign_ins(user.id)
    assert sign_in.agent == "Firefox on Linux"
    # Again, and it is the same account, also when the address has changed here.
    await store.update_user(replace(user, email="ann@elsewhere.example"))
    async with Browser(browser.gateway) as another:
        assert (await another.signed_in("ann"))["id"] == user.id


async def test_no_token_ever_stands_in_an_address_nor_where_a_script_could_read_it(
    serve: Serve, browser: Browser
) -> None:
    await serve()
    start = await browser.http.get(f"{browser.gateway}{START}")
    back = await browser.to_the_callback("ann")
    done = await browser.http.get(back)
    for answer in (start, done):
        cookies = answer.headers.get_list("set-cookie")
        assert cookies
        for cookie in cookies:
            assert "Path=/api/v1/auth/oidc" in cookie
            assert "HttpOnly" in cookie or "Max-Age=0" in cookie
            assert "samesite=" in cookie.lower()
        assert "eyJ" not in answer.headers["location"]
        assert answer.headers["cache-control"] == "no-store"
    pair = (await browser.exchange()).json()
    for address in (start.headers["location"], back, done.headers["location"]):
        assert pair["access_token"] not in address
        assert pair["refresh_token"] not in address


async def test_cookies_are_secure_where_the_page_is(
    place: Place, store: SqliteStore, clock: ManualClock, accounts: Accounts
) -> None:
    app = an_app(store, clock, accounts, settings_for(place.provider.issuer, public_url="https://chat.example.org"))
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://tokenline") as http:
        answer = await http.get(START)
    await app.state.oidc.close()
    assert "Secure" in answer.headers["set-cookie"]
    assert dict(parse_qsl(urlsplit(answer.headers["location"]).query))["redirect_uri"] == (
        f"https://chat.example.org{CALLBACK}"
    )


async def test_a_callback_serves_once_and_so_does_what_it_leaves(serve: Serve, browser: Browser) -> None:
    await serve()
    back = await browser.to_the_callback("ann")
    note = browser.http.cookies.get("tokenline_oidc")
    assert note is not None
    assert await browser.open(back) == "/?sign_in=done"
    assert await browser.open(back) == "/?sign_in=sign_in_lapsed"
    # Also with the cookie that was taken away by then.
    async with Browser(browser.gateway) as replaying:
        replaying.http.cookies.set("tokenline_oidc", note)
        assert await replaying.open(back) == "/?sign_in=sign_in_lapsed"
    handed = browser.http.cookies.get("tokenline_oidc_done")
    assert handed is not None
    answers = await asyncio.gather(*(_exchange(browser.gateway, handed) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401]
    assert {code(answer) for answer in answers if answer.status_code == 401} == {(401, "sign_in_lapsed")}


async def _exchange(gateway: str, handed: str) -> httpx2.Response:
    async with httpx2.AsyncClient(cookies={"tokenline_oidc_done": handed}) as http:
        return await http.post(f"{gateway}{EXCHANGE}")


async def test_what_it_leaves_lasts_a_minute(serve: Serve, browser: Browser, clock: ManualClock) -> None:
    await serve()
    assert await browser.outcome("ann") == "done"
    clock.advance(60)
    assert code(await browser.exchange()) == (401, "sign_in_lapsed")


async def test_a_sign_in_that_another_browser_began_is_refused(serve: Serve, browser: Browser) -> None:
    """Otherwise whoever lures somebody to the end of their own sign-in has them chat in their account."""
    await serve()
    back = await browser.to_the_callback("mallory")
    async with Browser(browser.gateway) as victim:
        assert await victim.open(back) == "/?sign_in=sign_in_lapsed"
        await victim.http.get(f"{browser.gateway}{START}")
        assert await victim.open(back) == "/?sign_in=sign_in_lapsed"
        assert code(await victim.exchange()) == (401, "sign_in_lapsed")


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({"state": "another"}, "sign_in_lapsed"),
        ({"state": ""}, "sign_in_lapsed"),
        ({"code": "another"}, "provider_refused"),
        ({"code": ""}, "provider_refused"),
        ({"iss": "https://evil.example"}, "provider_refused"),
        ({"iss": None}, "provider_refused"),
        ({"error": "access_denied"}, "sign_in_cancelled"),
        ({"error": "server_error"}, "provider_refused"),
    ],
    ids=str,
)
async def test_what_the_provider_did_not_send_is_refused(
    serve: Serve, browser: Browser, change: dict[str, str | None], outcome: str
) -> None:
    await serve()
    back = urlsplit(await browser.to_the_callback("ann"))
    query = {name: value for name, value in (dict(parse_qsl(back.query)) | change).items() if value is not None}
    assert await browser.open(back._replace(query=urlencode(query)).geturl()) == f"/?sign_in={outcome}"
    assert code(await browser.exchange()) == (401, "sign_in_lapsed")


async def test_a_sign_in_may_take_ten_minutes(serve: Serve, browser: Browser, clock: ManualClock) -> None:
    await serve()
    back = await browser.to_the_callback("ann")
    clock.advance(600)
    assert await browser.open(back) == "/?sign_in=sign_in_lapsed"


async def test_the_token_of_another_sign_in_is_refused(serve: Serve, browser: Browser) -> None:
    """A code that was got for one sign-in does not end another: the provider holds its verifier against it, and we the
    nonce (`tests/unit/auth/test_id_token.py`)."""
    await serve()
    stolen = dict(parse_qsl(urlsplit(await browser.to_the_callback("ann")).query))["code"]
    async with Browser(browser.gateway) as mine:
        back = urlsplit(await mine.to_the_callback("mallory"))
        query = urlencode(dict(parse_qsl(back.query)) | {"code": stolen})
        assert await mine.open(back._replace(query=query).geturl()) == "/?sign_in=provider_refused"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/%0d%0aset-cookie:a=b\r\n",
        "javascript:alert(1)",
        "http:/evil.example",
        "@evil.example",
        "/api/v1/auth/oidc/start",
        "",
        " /",
        "/\tevil",
    ],
)
async def test_it_leads_back_to_nowhere_else(serve: Serve, browser: Browser, elsewhere: str) -> None:
    await serve()
    start = f"{browser.gateway}{START}?{urlencode({'return_to': elsewhere})}"
    await browser.http.get(start)
    location = await browser.open(f"{browser.gateway}{CALLBACK}?state=x")
    assert location == "/?sign_in=sign_in_lapsed"


# ── whose account it is ──────────────────────────────────────────────────────────────────────────────────────────────


async def _member(store: SqliteStore, clock: ManualClock, role: Role = Role.USER) -> tuple[Accounts, dict[str, Any]]:
    accounts = Accounts(store, clock, SECRET)
    user = await accounts.create(ANN["email"], ANN["password"], role)
    pair = await accounts.login(**ANN)
    principal = await accounts.authenticate(pair.access_token)
    _, key = await accounts.keys.create(principal, "bot", {*principal.scopes})
    return accounts, {"id": user.id, "access": pair.access_token, "refresh": pair.refresh_token, "key": key}


async def test_an_account_with_the_same_verified_address_is_theirs_and_nobody_elses_any_more(
    serve: Serve, browser: Browser, store: SqliteStore, clock: ManualClock
) -> None:
    """Whoever registered with somebody's address in advance does not stay in the account."""
    _, before = await _member(store, clock)
    await serve()
    me = await browser.signed_in("ann")
    assert me["id"] == before["id"]
    for credential in (before["access"], before["key"]):
        refused = await browser.http.get(
            f"{browser.gateway}/api/v1/me", headers={"authorization": f"Bearer {credential}"}
        )
        assert refused.status_code == 401
    login = await browser.http.post(f"{browser.gateway}/api/v1/auth/login", json=ANN)
    assert code(login) == (401, "wrong_credentials")


async def test_an_administrator_keeps_their_password(
    serve: Serve, browser: Browser, store: SqliteStore, clock: ManualClock
) -> None:
    accounts, before = await _member(store, clock, Role.ADMIN)
    await serve()
    assert (await browser.signed_in("ann"))["id"] == before["id"]
    await accounts.login(**ANN)


@pytest.mark.parametrize("login", ["ann-unverified", "ann-nowhere"])
async def test_an_address_that_is_not_verified_opens_no_account_and_makes_none(
    serve: Serve, browser: Browser, store: SqliteStore, clock: ManualClock, login: str
) -> None:
    accounts, _ = await _member(store, clock)
    await serve()
    assert await browser.outcome(login) == "email_unverified"
    assert await browser.outcome(login.replace("ann", "eve")) == "email_unverified"
    assert await store.user_by_email("eve@example.org") is None
    await accounts.login(**ANN)


async def test_only_addresses_of_some_domains(serve: Serve, browser: Browser, store: SqliteStore) -> None:
    await serve(oidc_domains=("example.com", "@EXAMPLE.net"))
    assert await browser.outcome("ann") == "domain_not_allowed"
    assert await store.user_by_email("ann@example.org") is None


async def test_domains_are_spelt_in_any_case(serve: Serve, browser: Browser) -> None:
    await serve(oidc_domains=("Example.ORG",))
    await browser.signed_in("ann")


async def test_where_registration_is_closed_only_members_get_in(
    serve: Serve, browser: Browser, store: SqliteStore, clock: ManualClock
) -> None:
    await _member(store, clock)
    await serve(registration_open=False)
    assert await browser.outcome("bob") == "registration_closed"
    async with Browser(browser.gateway) as another:
        await another.signed_in("ann")


async def test_accounts_may_be_made_by_the_provider_alone(serve: Serve, browser: Browser) -> None:
    await serve(registration_open=False, oidc_registration_open=True)
    await browser.signed_in("bob")


async def test_a_disabled_account_stays_closed(
    serve: Serve, browser: Browser, store: SqliteStore, clock: ManualClock
) -> None:
    _, before = await _member(store, clock)
    user = await store.get_user(before["id"])
    assert user is not None
    await store.update_user(replace(user, disabled=True))
    await serve()
    assert await browser.outcome("ann") == "account_disabled"


async def test_a_group_makes_administrators_and_leaving_it_unmakes_them(
    serve: Serve, browser: Browser, store: SqliteStore, clock: ManualClock
) -> None:
    await serve(oidc_admin_claim="groups", oidc_admin_value="tokenline-admins")
    kim = await browser.signed_in("kim-admin")
    assert kim["role"] == "admin"
    async with Browser(browser.gateway) as another:
        assert (await another.signed_in("bob"))["role"] == "user"
        bob = await store.user_by_email("bob@example.org")
        assert bob is not None
        await store.update_user(replace(bob, role=Role.ADMIN))
    async with Browser(browser.gateway) as again:
        assert (await again.signed_in("bob"))["role"] == "user"


async def test_the_last_administrator_stays_one_whatever_the_provider_says(
    serve: Serve, browser: Browser, store: SqliteStore, clock: ManualClock
) -> None:
    await _member(store, clock, Role.ADMIN)
    await serve(oidc_admin_claim="groups", oidc_admin_value="tokenline-admins")
    assert (await browser.signed_in("ann"))["role"] == "admin"


async def test_of_many_first_sign_ins_at_once_one_account_is_made(serve: Serve, store: SqliteStore) -> None:
    gateway = await serve()
    browsers = [Browser(gateway) for _ in range(3)]
    try:
        people = await asyncio.gather(*(browser.signed_in("many") for browser in browsers), return_exceptions=True)
    finally:
        for browser in browsers:
            await browser.http.aclose()
    ids = {person["id"] for person in people if isinstance(person, dict)}
    assert len(ids) == 1


# ── the provider's own troubles ──────────────────────────────────────────────────────────────────────────────────────


async def test_a_new_key_of_the_provider_is_looked_for(
    serve: Serve, browser: Browser, place: Place, clock: ManualClock
) -> None:
    await serve()
    await browser.signed_in("ann")
    await asyncio.to_thread(place.provider.restart)
    async with Browser(browser.gateway) as another:
        # Asked again a moment ago: a flood of odd tokens does not become a flood of ours.
        assert await another.outcome("ann") == "provider_refused"
        clock.advance(KEYS_AGAIN_S)
        await another.signed_in("ann")


async def test_another_algorithm_of_the_provider(
    serve: Serve, browser: Browser, place: Place, clock: ManualClock
) -> None:
    place.provider.algorithm = "ES256"
    await asyncio.to_thread(place.provider.restart)
    try:
        await serve()
        await browser.signed_in("ann")
    finally:
        place.provider.algorithm = "RS256"
        await asyncio.to_thread(place.provider.restart)


async def test_while_the_provider_is_away_the_gateway_serves_and_says_so(
    serve: Serve, browser: Browser, place: Place
) -> None:
    await asyncio.to_thread(place.provider.stop)
    try:
        await serve()
        assert await browser.open(f"{browser.gateway}{START}?return_to=/c/1") == "/c/1?sign_in=provider_unavailable"
        registered = await browser.http.post(f"{browser.gateway}/api/v1/auth/register", json=ANN)
        assert registered.status_code == 201
    finally:
        await asyncio.to_thread(place.provider.start)
    back = await browser.to_the_callback("bob")
    await asyncio.to_thread(place.provider.stop)
    try:
        assert await browser.open(back) == "/?sign_in=provider_unavailable"
    finally:
        await asyncio.to_thread(place.provider.start)


async def test_without_a_provider_there_is_no_such_thing(
    store: SqliteStore, clock: ManualClock, accounts: Accounts
) -> None:
    app = an_app(store, clock, accounts, settings_for(""))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://tokenline") as http:
        assert (await http.get("/api/v1/auth/methods")).json() == {"registration_open": True, "oidc": None}
        for method, path in (("GET", START), ("GET", CALLBACK), ("POST", EXCHANGE)):
            assert code(await http.request(method, path)) == (404, "not_found")
