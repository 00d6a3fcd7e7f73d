"""A gateway with a provider to sign in at, and browsers of people who do."""

from typing import Any

import httpx2
from fastapi import FastAPI

from tests.integration.auth.conftest import make_app
from tests.support.oidc import CLIENT_ID, CLIENT_SECRET, through_the_pages
from tokenline.adapters.store_sqlite import SqliteStore
from tokenline.core.clock import ManualClock
from tokenline.runtime.auth.accounts import Accounts
from tokenline.runtime.auth.oidc.settings import OidcSettings
from tokenline.runtime.auth.oidc.wiring import offer_oidc, open_oidc

START = "/api/v1/auth/oidc/start"
EXCHANGE = "/api/v1/auth/oidc/exchange"


def settings_for(issuer: str, **more: Any) -> OidcSettings:
    return OidcSettings(port=1, oidc_issuer=issuer, oidc_client_id=CLIENT_ID, oidc_client_secret=CLIENT_SECRET, **more)


def with_provider(
    app: FastAPI, store: SqliteStore, clock: ManualClock, accounts: Accounts, settings: OidcSettings
) -> FastAPI:
    offer_oidc(app, open_oidc(settings, store, clock, accounts), settings)
    return app


def an_app(store: SqliteStore, clock: ManualClock, accounts: Accounts, settings: OidcSettings) -> FastAPI:
    return with_provider(make_app(accounts), store, clock, accounts, settings)


class Browser:
    """One browser, which is somewhere at the gateway. Follows nothing by itself."""

    def __init__(self, gateway: str) -> None:
        self.gateway = gateway
        self.http = httpx2.AsyncClient(
            verify=False, headers={"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}
        )

    async def __aenter__(self) -> "Browser":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    async def to_the_callback(self, login: str, return_to: str = "/") -> str:
        return await through_the_pages(self.http, f"{self.gateway}{START}?return_to={return_to}", login)

    async def open(self, address: str) -> str:
        """Where the gateway sends the browser then."""
        answer = await self.http.get(address)
        assert answer.status_code == 303, answer.text
        location: str = answer.headers["location"]
        return location

    async def outcome(self, login: str) -> str:
        """What the page is told of the whole way."""
        return (await self.open(await self.to_the_callback(login))).partition("sign_in=")[2]

    async def exchange(self) -> httpx2.Response:
        return await self.http.post(f"{self.gateway}{EXCHANGE}")

    async def signed_in(self, login: str) -> dict[str, Any]:
        """Who one is after the whole way."""
        assert await self.outcome(login) == "done"
        pair = await self.exchange()
        assert pair.status_code == 200, pair.text
        return await self.me(pair.json()["access_token"])

    async def me(self, token: str) -> dict[str, Any]:
        answer = await self.http.get(f"{self.gateway}/api/v1/me", headers={"authorization": f"Bearer {token}"})
        me: dict[str, Any] = answer.json()
        return me
