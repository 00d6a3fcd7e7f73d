"""The way to sign in at a provider, where the settings name one."""

from fastapi import FastAPI

from tokenline.core.clock import Clock
from tokenline.runtime.auth.accounts import Accounts
from tokenline.runtime.auth.oidc.provider import Provider
from tokenline.runtime.auth.oidc.settings import OidcSettings
from tokenline.runtime.auth.oidc.sign_in import OidcSignIn
from tokenline.runtime.auth.store import AccountsStore


def open_oidc(settings: OidcSettings, store: AccountsStore, clock: Clock, accounts: Accounts) -> OidcSignIn | None:
    """``None``: no provider is set. Raises `Misconfigured`; connects to nobody."""
    if not settings.oidc_issuer:
        return None
    return OidcSignIn(store, clock, accounts, Provider(settings, clock), settings)


def offer_oidc(app: FastAPI, oidc: OidcSignIn | None, settings: OidcSettings) -> None:
    """To the routes of `auth_router`."""
    app.state.oidc = oidc
    app.state.public_url = settings.public_url
